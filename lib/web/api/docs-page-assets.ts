/** Style and script of `/docs`, inside the page: it looks and works the same when nothing else is loaded. */

export const DOCS_CSS = `:root{color-scheme:light dark;--bg:#fff;--raise:#f7f7f5;--line:#e4e4e0;--edge:#85857d;--text:#1b1b18;--soft:#5c5c55;--link:#1d4fbf;--ok:#23804d;--warn:#8a5a00;--bad:#b3261e;--info:#3557b7;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{--bg:#131413;--raise:#1b1c1b;--line:#2d2f2d;--edge:#7d807b;--text:#ecece8;--soft:#a3a59f;--link:#93b4ff;--ok:#67c793;--warn:#e5b04a;--bad:#ff8a80;--info:#9db6ff}}
*{box-sizing:border-box}
html{scroll-padding-block-start:1.5rem}
body{margin:0;background:var(--bg);color:var(--text);font:.9375rem/1.55 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans",system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.2em;text-decoration-thickness:1px}
h1{font-size:clamp(1.75rem,1.3rem + 2vw,2.375rem);line-height:1.15;letter-spacing:-.022em;margin:0 0 .75rem}
h2{font-size:1.375rem;line-height:1.3;margin:3rem 0 .25rem}
h3{font-size:.9375rem;margin:1.25rem 0 .25rem}
p{margin:0 0 .75rem;max-width:62ch}
code,pre{font-family:var(--mono);font-size:.8125rem}
pre{margin:.25rem 0 0;padding:.75rem;background:var(--raise);border:1px solid var(--line);border-radius:4px;overflow:auto;max-height:24rem;overflow-wrap:normal}
.skip{position:absolute;left:-999rem}.skip:focus{left:1rem;top:1rem;background:var(--bg);padding:.5rem}
.frame{display:grid;grid-template-columns:15rem minmax(0,1fr);gap:2.5rem;max-width:76rem;margin:0 auto;padding:1.5rem}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding-block:1.5rem;font-size:.8125rem}
nav ul{list-style:none;margin:0;padding:0}nav li a{display:block;padding:.25rem 0;color:var(--soft);text-decoration:none}nav li a:hover{color:var(--text);text-decoration:underline}
input{width:100%;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--edge);border-radius:4px;padding:.375rem .5rem;margin:.25rem 0 1rem}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
details.op{border-block-end:1px solid var(--line)}
details.op>summary{cursor:pointer;padding:.625rem 0;display:grid;grid-template-columns:4.5rem minmax(0,1fr);gap:.25rem .75rem;align-items:baseline}
details.op>summary span{color:var(--soft);grid-column:2}
details.op>div{padding:0 0 1.5rem 5.25rem}
.m{font:600 .75rem/1 var(--mono);letter-spacing:.02em}
.get{color:var(--ok)}.post{color:var(--info)}.patch,.put{color:var(--warn)}.delete{color:var(--bad)}.event{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.8125rem}
th{text-align:start;font-weight:600;color:var(--soft)}
th,td{padding:.375rem .75rem .375rem 0;border-block-end:1px solid var(--line);vertical-align:top}
td:first-child{white-space:nowrap}
.soft{color:var(--soft)}
@media(max-width:48rem){.frame{grid-template-columns:minmax(0,1fr);gap:0}nav{position:static;max-height:none;padding:0}nav ul{columns:2}details.op>div{padding-inline-start:0}table,tbody,tr,td{display:block}thead{display:none}td{border:0;padding:.125rem 0}tr{border-block-end:1px solid var(--line);padding:.375rem 0}}
@media print{nav{display:none}.frame{display:block}}
`;

/** Search narrows what is shown, and an address with a fragment opens what it names. Without it everything is there. */
export const DOCS_SCRIPT = `(()=>{
const box=document.getElementById("q");
const ops=[...document.querySelectorAll("details.op")];
box.hidden=box.previousElementSibling.hidden=false;
box.addEventListener("input",()=>{
const words=box.value.toLowerCase().split(/\\s+/).filter(Boolean);
for(const op of ops)op.hidden=!words.every((word)=>op.dataset.text.includes(word));
for(const part of document.querySelectorAll("section[data-part]"))part.hidden=words.length>0&&!part.querySelector("details.op:not([hidden])");
});
const open=()=>{const at=document.getElementById(decodeURIComponent(location.hash.slice(1)));if(at instanceof HTMLDetailsElement)at.open=true;};
addEventListener("hashchange",open);open();
})();`;
