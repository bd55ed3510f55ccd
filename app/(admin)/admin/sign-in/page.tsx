import type { Metadata } from "next";
import { GlyphSheet, StateMark } from "../../../_parts/glyph.tsx";

export const metadata: Metadata = { title: "Sign in" };

type Props = { searchParams: Promise<{ token?: string | string[]; problem?: string | string[] }> };

const HowToGetALink = () => (
  <>
    <p>
      Nines prints a link when it starts. It works once, for 15 minutes. To get another one, run this on the machine
      that Nines runs on:
    </p>
    <pre tabIndex={0}>
      <code>npm run -s nines -- user sign-in-link</code>
    </pre>
  </>
);

/**
 * The door. The token of the link is posted by a press of the button, not by opening the page: programs that open
 * links in advance would use it up otherwise.
 */
const SignInPage = async ({ searchParams }: Props) => {
  const { token, problem } = await searchParams;
  const hasToken = typeof token === "string" && token !== "" && problem === undefined;
  return (
    <main className="door">
      <GlyphSheet />
      <h1>Sign in</h1>
      {problem === undefined ? null : (
        <p role="alert">
          <StateMark role="degraded" word="This link was used already, is too old, or is not complete." />
        </p>
      )}
      {hasToken ? (
        <>
          <p>You are opening the dashboards of this installation. This link works once.</p>
          <form method="post" action="/admin/session">
            <input type="hidden" name="token" value={token} />
            <button type="submit" className="main">
              Sign in
            </button>
          </form>
        </>
      ) : (
        <HowToGetALink />
      )}
      <p className="small">
        <a href="/">See the status page</a>
      </p>
    </main>
  );
};
export default SignInPage;
