"use strict";
// What a browser with scripts adds to a page that is complete without them: fresh data, the reader's theme and time zone,
// a filter. Every word comes from the page; nothing is loaded but the page itself.
(() => {
  const doc = document;
  const root = doc.documentElement;
  const $ = (query, all) => (all ? [...doc.querySelectorAll(query)] : doc.querySelector(query));
  const make = (name, props) => Object.assign(doc.createElement(name), props);
  const store = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key) || "";
      localStorage.setItem(key, value);
    } catch {}
    return value || "";
  };
  const THEMES = ["system", "light", "dark"];
  let sought = "";
  let heardAt = Date.now();

  const showTheme = () => {
    const theme = store("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  const clock = (zone, more) =>
    new Intl.DateTimeFormat(root.lang, {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      ...more,
    });

  // Times stand in the page's zone; the reader's own is one click away, and back.
  const showTimes = () => {
    const isLocal = store("times") === "local";
    for (const time of $("time", true)) {
      if (!/T/.test(time.dateTime) || time.closest(".asof")) continue;
      time.dataset.own ??= time.textContent;
      const day = /^\d\d:\d\d$/.test(time.dataset.own) ? {} : { day: "numeric", month: "long" };
      time.textContent = isLocal ? clock(undefined, day).format(new Date(time.dateTime)) : time.dataset.own;
    }
  };

  const showFilter = () => {
    const { filter, nothing } = $("#tools").dataset;
    const rows = $(".service", true);
    if (rows.length < 9) return;
    const input = make("input", { type: "search", value: sought });
    const label = make("label", { textContent: filter });
    const none = make("p", { className: "soft", textContent: nothing, hidden: true });
    none.setAttribute("role", "status");
    const apply = () => {
      sought = input.value;
      const word = sought.trim().toLocaleLowerCase();
      for (const row of rows)
        row.hidden = !row.querySelector("h4,h5,h6").textContent.toLocaleLowerCase().includes(word);
      for (const group of $(".group", true)) group.hidden = !group.querySelector(".service:not([hidden])");
      none.hidden = rows.some((row) => !row.hidden);
    };
    input.addEventListener("input", apply);
    label.append(input);
    const place = make("div", { className: "filter" });
    place.append(label, none);
    $(".key").before(place);
    apply();
  };

  const showTools = () => {
    const tools = $("#tools");
    const words = tools.dataset;
    const theme = make("button", { type: "button" });
    const times = make("button", { type: "button", textContent: words.local });
    const tell = () => {
      const now = root.dataset.theme || "system";
      theme.textContent = `${words.theme}: ${words[now]}`;
      times.setAttribute("aria-pressed", store("times") === "local");
    };
    theme.onclick = () => {
      store("theme", THEMES[(THEMES.indexOf(root.dataset.theme || "system") + 1) % 3]);
      showTheme();
      tell();
    };
    times.onclick = () => {
      store("times", store("times") === "local" ? "page" : "local");
      showTimes();
      tell();
    };
    tell();
    tools.replaceChildren(theme, times);
    tools.hidden = false;
  };

  const enhance = () => {
    showFilter();
    showTimes();
  };

  const asOf = (instant) => {
    heardAt = Date.now();
    const time = $(".asof time");
    const { zone } = $(".asof").dataset;
    time.dateTime = instant;
    time.textContent = clock(zone, { second: "2-digit", timeZoneName: "short" }).format(new Date(instant));
  };

  // Takes over what changed of the same page; what the reader opened, typed or focused stays as it is.
  const refresh = async () => {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) return;
    heardAt = Date.now();
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const keyOf = (one) => one.tagName + (one.href || one.closest("[id],li")?.querySelector("a")?.href);
    const focused = doc.activeElement?.closest("main") && keyOf(doc.activeElement);
    const open = new Set($("details[open]", true).map(keyOf));
    for (const part of [".top", "main"]) {
      const [old, fresh] = [$(part), next.querySelector(part)];
      if (fresh) old.replaceWith(fresh);
    }
    doc.title = next.title;
    for (const one of $("details", true)) if (open.has(keyOf(one))) one.open = true;
    enhance();
    if (focused)
      $("main :is(a, summary, input)", true)
        .find((one) => keyOf(one) === focused)
        ?.focus();
  };
  const quietly = () => refresh().catch(() => {});

  const warn = () => {
    const isOld = Date.now() - heardAt > 45_000;
    let note = $("#old");
    if (isOld && !note && !$(".notice[role=status]")) {
      note = make("p", { id: "old", className: "notice degraded wrap", textContent: $("#tools").dataset.stale });
      note.setAttribute("role", "status");
      $(".top").before(note);
    } else if (!isOld) note?.remove();
  };

  showTheme();
  showTools();
  enhance();
  setInterval(warn, 5_000);
  const poll = () => setInterval(quietly, 30_000);
  if (!window.EventSource) return void poll();
  const live = new EventSource("/live");
  live.addEventListener("snapshot", quietly);
  live.addEventListener("as_of", (event) => asOf(JSON.parse(event.data).dataAsOf));
  live.addEventListener("error", () => live.readyState === 2 && poll());
})();
