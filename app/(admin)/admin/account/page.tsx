import type { Metadata } from "next";
import { CODES_COOKIE, codesContext } from "#lib/commands/identity/account-flash.ts";
import type { OwnAccount, OwnSession } from "#lib/commands/identity/own-account.ts";
import { listOwnSessions, loadOwnAccount } from "#lib/commands/identity/own-account.ts";
import { readIdentitySettings } from "#lib/read/identity-settings.ts";
import { cookieValue } from "#lib/read/require-session.ts";
import type { Session } from "#lib/read/web-context.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import { fillText } from "../../../_view/format.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import type { AdminView } from "../../_parts/view.ts";
import { adminView, iso } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({ title: (await adminView()).words.account.title });

type AccountWords = AdminView["words"]["account"];

type Props = { searchParams: Promise<{ done?: string | string[]; problem?: string | string[] }> };

const wordOf = (words: Readonly<Record<string, string>>, key: unknown): string | null =>
  typeof key === "string" && Object.hasOwn(words, key) ? (words[key] ?? null) : null;

const Password = ({ label, name, autoComplete }: { label: string; name: string; autoComplete: string }) => (
  <label>
    {label}
    <input name={name} type="password" autoComplete={autoComplete} required maxLength={254} />
  </label>
);

type SectionProps = { readonly words: AccountWords; readonly account: OwnAccount };

const PasswordSection = ({ words, account }: SectionProps) => (
  <section aria-labelledby="password">
    <h2 id="password">{words.password}</h2>
    <form method="post" action="/admin/account/password" className="fields">
      <input type="hidden" autoComplete="username" value={account.login} readOnly />
      {account.hasPassword ? (
        <Password label={words.presentPassword} name="present" autoComplete="current-password" />
      ) : null}
      <Password label={words.newPassword} name="password" autoComplete="new-password" />
      <button type="submit">{account.hasPassword ? words.changePassword : words.setPassword}</button>
    </form>
  </section>
);

type PendingProps = { readonly words: AccountWords; readonly pending: NonNullable<OwnAccount["pending"]> };

const PendingFactor = ({ words, pending }: PendingProps) => (
  <>
    <p>{words.factorSteps}</p>
    <pre tabIndex={0}>
      <code>{pending.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
    </pre>
    <p className="break">
      <a href={pending.uri}>{pending.uri}</a>
    </p>
    <form method="post" action="/admin/account/factor/confirm" className="fields">
      <label>
        {words.code}
        <input name="code" inputMode="numeric" autoComplete="one-time-code" required maxLength={10} />
      </label>
      <button type="submit">{words.turnOn}</button>
    </form>
  </>
);

const FactorSection = ({ words, account, codes, left }: SectionProps & { codes: readonly string[]; left: string }) => (
  <section aria-labelledby="factor">
    <h2 id="factor">{words.factor}</h2>
    {codes.length === 0 ? null : (
      <div role="status">
        <p>{words.codes}</p>
        <pre tabIndex={0}>
          <code>{codes.join("\n")}</code>
        </pre>
      </div>
    )}
    {account.pending === null ? null : <PendingFactor words={words} pending={account.pending} />}
    {account.factor === "on" ? (
      <>
        <p>
          {words.factorIsOn} {left}
        </p>
        <form method="post" action="/admin/account/factor/remove" className="fields">
          {account.hasPassword ? (
            <Password label={words.presentPassword} name="present" autoComplete="current-password" />
          ) : null}
          <button type="submit">{words.turnOff}</button>
        </form>
      </>
    ) : null}
    {account.factor === "none" ? (
      <form method="post" action="/admin/account/factor" className="fields">
        {account.hasPassword ? (
          <Password label={words.presentPassword} name="present" autoComplete="current-password" />
        ) : null}
        <button type="submit">{words.setUp}</button>
      </form>
    ) : null}
  </section>
);

const sessionText = ({ words, format, today, session }: AdminView, { id, method, createdAt }: OwnSession): string => {
  const { methods, thisOne, since } = words.account;
  const when = fillText(since, { time: format.when(iso(createdAt), today) });
  const own = id === session.id ? ` (${thisOne})` : "";
  return `${wordOf(methods, method) ?? method}${own}, ${when}`;
};

const SessionsSection = ({ view, sessions }: { view: AdminView; sessions: readonly OwnSession[] }) => (
  <section aria-labelledby="sessions">
    <h2 id="sessions">{view.words.account.sessions}</h2>
    <ul className="rows">
      {sessions.map((one) => (
        <li key={one.id}>
          <p className="break">
            {sessionText(view, one)}
            <br />
            <small>{one.userAgent ?? view.words.account.unknownBrowser}</small>
          </p>
          {one.id === view.session.id ? null : (
            <form method="post" action="/admin/account/sessions/end">
              <input type="hidden" name="id" value={one.id} />
              <button type="submit" className="plain">
                {view.words.account.endSession}
              </button>
            </form>
          )}
        </li>
      ))}
    </ul>
  </section>
);

/** Recovery codes that were just made; none when the cookie is gone or not of this session. */
const freshCodes = (cookie: string | null, session: Session): string[] => {
  const sealed = cookieValue(cookie, CODES_COOKIE);
  const { secretBox } = getWebContext();
  if (sealed === null || secretBox === undefined) return [];
  try {
    return JSON.parse(
      secretBox.open(Buffer.from(sealed, "base64url").toString(), codesContext(session.id)),
    ) as string[];
  } catch {
    return [];
  }
};

/** A person's own account: password, second factor, sessions. Every form works without scripts. */
const AccountPage = async ({ searchParams }: Props) => {
  const { done, problem } = await searchParams;
  const view = await adminView();
  const { cookie, session, format } = view;
  const words = view.words.account;
  const { database, clock, secretBox } = getWebContext();
  const open = secretBox ?? { open: () => "" };
  const account = await loadOwnAccount(database, { userId: session.userId, secretBox: open });
  const { sessions: limits } = await readIdentitySettings(database);
  const sessions = await listOwnSessions(database, { userId: session.userId, now: clock.now(), limits });
  const wrong = wordOf(words.problems, problem);
  const good = wordOf(words.done, done);
  return (
    <AdminFrame current={null} view={view}>
      <div className="title">
        <h1>{session.name}</h1>
        <p>
          {fillText(account.isFromIdentityProvider ? words.fromProvider : words.who, {
            login: account.login,
            role: session.role,
          })}
        </p>
        {wrong === null ? null : (
          <p role="alert">
            <StateMark role="degraded" word={wrong} />
          </p>
        )}
        {good === null ? null : (
          <p role="status">
            <StateMark role="ok" word={good} />
          </p>
        )}
      </div>
      <div className="two">
        <PasswordSection words={words} account={account} />
        <FactorSection
          words={words}
          account={account}
          codes={done === "factor/confirm" ? freshCodes(cookie, session) : []}
          left={format.plural(account.recoveryCodesLeft, words.codesLeft)}
        />
      </div>
      <SessionsSection view={view} sessions={sessions} />
    </AdminFrame>
  );
};
export default AccountPage;
