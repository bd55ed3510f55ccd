import { fillText } from "../../_view/format.ts";
import { Action } from "./action.tsx";
import { subscriptionFields } from "./portal-words.ts";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

/** Code is the same in every language. The package is the reference one of Standard Webhooks. */
const VERIFY = `import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.NINES_SECRET); // whsec_…
// The raw bytes of the body, before any parsing; throws when the signature or the time is wrong.
const event = webhook.verify(rawBody, {
  "webhook-id": headers["webhook-id"],
  "webhook-timestamp": headers["webhook-timestamp"],
  "webhook-signature": headers["webhook-signature"],
});
// event.id is the same for every attempt: keep it, and do nothing twice.`;

type Named = { readonly id: string; readonly name: string };

/** A new webhook; its secret is shown once. */
export const NewEndpoint = ({ view, services }: { view: AdminView; services: readonly Named[] }) => {
  const { portal } = view.words;
  return (
    <Fold title={portal.create} note={portal.createNote}>
      <Action
        view={view}
        scope="endpoints:write"
        method="POST"
        path="/v1/endpoints"
        fields={[
          { name: "url", kind: "text", label: portal.url, hint: portal.urlHint, isRequired: true },
          { name: "id", kind: "text", label: portal.id, hint: portal.idHint },
          { name: "description", kind: "text", label: portal.description },
          ...subscriptionFields(view, services),
        ]}
        submit={portal.create}
        done={portal.created}
        reveal={["secret"]}
      />
    </Fold>
  );
};

/** Where deliveries come from, for firewalls. */
export const SourceAddresses = ({ view, addresses }: { view: AdminView; addresses: readonly string[] }) => {
  const { portal } = view.words;
  return (
    <section aria-labelledby="addresses">
      <h2 id="addresses">{portal.addresses}</h2>
      {addresses.length === 0 ? (
        <p className="small soft">{portal.noAddresses}</p>
      ) : (
        <>
          <p className="small soft">{fillText(portal.addressesNote, { path: "/v1/meta" })}</p>
          <pre className="document" tabIndex={0} aria-label={portal.addresses}>
            <code>{addresses.join("\n")}</code>
          </pre>
        </>
      )}
    </section>
  );
};

/** Ten lines for a receiver. */
export const HowToVerify = ({ view }: { view: AdminView }) => {
  const { portal } = view.words;
  return (
    <section aria-labelledby="verify">
      <h2 id="verify">{portal.verify}</h2>
      <p className="small soft">
        {portal.verifyNote} <a href="https://www.standardwebhooks.com">{portal.verifyLink}</a>
      </p>
      <pre className="document" tabIndex={0} aria-label={portal.verify}>
        <code>{VERIFY}</code>
      </pre>
    </section>
  );
};
