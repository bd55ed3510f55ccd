import type { Metadata } from "next";
import { headers } from "next/headers";
import { loadSignInChoices } from "#lib/read/identity-settings.ts";
import { GlyphSheet, StateMark } from "../../../_parts/glyph.tsx";
import { signInLanguage, signInWords } from "../../_parts/sign-in-words.ts";
import type { SignInWords } from "../../_words/en/sign-in.ts";

export const metadata: Metadata = { title: "Sign in" };

type Parameters = Readonly<Record<"token" | "problem" | "next" | "lang", string | string[] | undefined>>;
type Props = { searchParams: Promise<Parameters> };

const Field = ({
  name,
  label,
  type,
  hint,
  autoComplete,
  isOptional,
}: {
  name: string;
  label: string;
  type?: "text" | "password";
  hint?: "numeric";
  autoComplete: string;
  isOptional?: true;
}) => (
  <label>
    {label}
    <input
      name={name}
      type={type ?? "text"}
      autoComplete={autoComplete}
      inputMode={hint}
      required={isOptional !== true}
      maxLength={254}
      autoCapitalize="none"
      spellCheck={false}
    />
  </label>
);

/** The first account. Without it the link lets in all the same, as an administrator without a password. */
const SetUpForm = ({ words, token }: { words: SignInWords; token: string }) => (
  <>
    <p>{words.setUp}</p>
    <form method="post" action="/admin/setup" className="fields">
      <input type="hidden" name="token" value={token} />
      <Field name="name" label={words.yourName} autoComplete="name" />
      <Field name="login" label={words.login} autoComplete="username" />
      <Field name="password" label={words.password} type="password" autoComplete="new-password" />
      <button type="submit" className="main">
        {words.setUpSubmit}
      </button>
    </form>
    <form method="post" action="/admin/session">
      <input type="hidden" name="token" value={token} />
      <button type="submit">{words.withoutAccount}</button>
    </form>
  </>
);

/** The token of a link is posted by a press of the button: programs that open links in advance would use it up otherwise. */
const LinkForm = ({ words, token, next }: { words: SignInWords; token: string; next: string }) => (
  <>
    <p>{words.link}</p>
    <form method="post" action="/admin/session">
      <input type="hidden" name="token" value={token} />
      <input type="hidden" name="next" value={next} />
      <button type="submit" className="main">
        {words.submit}
      </button>
    </form>
  </>
);

const PasswordForm = ({ words, next }: { words: SignInWords; next: string }) => (
  <form method="post" action="/admin/session" className="fields">
    <input type="hidden" name="next" value={next} />
    <Field name="login" label={words.login} autoComplete="username" />
    <Field name="password" label={words.password} type="password" autoComplete="current-password" />
    <Field name="code" label={words.code} hint="numeric" autoComplete="one-time-code" isOptional />
    <button type="submit" className="main">
      {words.submit}
    </button>
  </form>
);

const Doors = ({ words, next, providerName }: { words: SignInWords; next: string; providerName: string | null }) => (
  <>
    {providerName === null ? null : (
      <p>
        <a className="button" href={`/admin/session/oidc?next=${encodeURIComponent(next)}`}>
          {words.provider.replace("{name}", providerName)}
        </a>
      </p>
    )}
    <PasswordForm words={words} next={next} />
    <p className="small">{words.noAccess}</p>
    <pre tabIndex={0}>
      <code>npm run -s nines -- user sign-in-link</code>
    </pre>
  </>
);

/** The door: by a link, by login and password, or by the identity provider. It works without scripts. */
const SignInPage = async ({ searchParams }: Props) => {
  const { token, problem, next, lang } = await searchParams;
  const { isSetUp, providerName } = await loadSignInChoices();
  const language = signInLanguage(lang, (await headers()).get("accept-language"));
  const words = signInWords(language);
  const known = typeof problem === "string" && Object.hasOwn(words.problems, problem) ? problem : undefined;
  const hasToken = typeof token === "string" && token !== "" && (known === undefined || known === "setup");
  const goal = typeof next === "string" ? next : "";
  return (
    <main className="door" lang={language}>
      <GlyphSheet />
      <h1>{hasToken && !isSetUp ? words.setUpTitle : words.title}</h1>
      {known === undefined ? null : (
        <p role="alert">
          <StateMark role="degraded" word={words.problems[known as keyof SignInWords["problems"]]} />
        </p>
      )}
      {hasToken && !isSetUp ? <SetUpForm words={words} token={token} /> : null}
      {hasToken && isSetUp ? <LinkForm words={words} token={token} next={goal} /> : null}
      {hasToken ? null : <Doors words={words} next={goal} providerName={providerName} />}
      <p className="small">
        <a href="/">{words.page}</a>
      </p>
    </main>
  );
};
export default SignInPage;
