import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Language } from "#lib/core/definitions.ts";
import { PUBLIC_CONTENT_POLICY } from "#lib/web/http/security-headers.ts";
import type { FormValues } from "#lib/web/subscribe/subscribe-page.ts";
import {
  buttonPage,
  manageForm,
  SUBSCRIBE_CSS,
  SUBSCRIBE_CSS_PATH,
  signUpForm,
  subscribeHtml,
  tellingPage,
} from "#lib/web/subscribe/subscribe-page.ts";
import { SUBSCRIBE_WORDS } from "#lib/web/subscribe/subscribe-words.ts";
import { openBrowser } from "#test/support/browser.ts";
import { accessibilityFaults, scrollsSideways, takePicture, visit } from "#test/support/page-harness.ts";

const services = [
  { id: "shop", name: "Shop" },
  { id: "payments", name: "Payments and everything that belongs to paying for what was bought" },
];
const values = (language: Language): FormValues => ({
  kinds: ["incidents", "maintenance"],
  ...{ serviceIds: ["shop"], incidentId: null, cadence: "daily", language },
});
const BODIES: Readonly<Record<string, (language: Language) => string>> = {
  subscribe: (language) =>
    signUpForm(language, {
      values: values(language),
      services,
      hasMail: true,
      fault: SUBSCRIBE_WORDS[language].wrong.often,
    }),
  confirm: (language) => buttonPage(SUBSCRIBE_WORDS[language].confirm, "/subscribe/confirm/x"),
  unsubscribe: (language) => buttonPage(SUBSCRIBE_WORDS[language].leave, "/unsubscribe/x"),
  over: (language) => tellingPage(SUBSCRIBE_WORDS[language].over),
  manage: (language) =>
    manageForm(language, {
      ...{ token: "x", values: values(language), services, channel: "webhook", isSaved: true },
      secret: `whsec_${"Ab3".repeat(15)}`,
    }),
};

let browser: Browser;
let closeBrowser: () => Promise<void>;
let server: Server;
let url: string;
beforeAll(async () => {
  ({ browser, close: closeBrowser } = await openBrowser());
  server = createServer((request, response) => {
    const [, language = "en", name = ""] = (request.url ?? "").split("/");
    const body = BODIES[name]?.(language as Language);
    if (request.url === SUBSCRIBE_CSS_PATH) response.writeHead(200, { "content-type": "text/css" }).end(SUBSCRIBE_CSS);
    else if (body === undefined) response.writeHead(204).end();
    else
      response
        .writeHead(200, { "content-type": "text/html", "content-security-policy": PUBLIC_CONTENT_POLICY })
        .end(subscribeHtml({ language: language as Language, pageName: "Acme", body }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await closeBrowser();
});

const LOOKS = [
  { width: 360, theme: "dark", language: "ko" },
  { width: 1440, theme: "light", language: "ru" },
] as const;

test.each(Object.keys(BODIES).flatMap((name) => LOOKS.map((look) => ({ name, ...look }))))(
  "the page $name is accessible and fits at $width px, $theme, in $language",
  async ({ name, width, theme, language }) => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme });
    const { page, status, complaints } = await visit(context, `${url}/${language}/${name}`);
    expect(status).toBe(200);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
    expect(complaints).toEqual([]);
    await takePicture(page, `subscribe-${name}-${width}-${theme}`);
    await context.close();
  },
);
