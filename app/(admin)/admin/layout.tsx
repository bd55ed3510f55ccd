import type { Metadata } from "next";
import type { ReactNode } from "react";
import { directionOf } from "../../_words/index.ts";
import { adminLanguage, adminTheme } from "../_parts/view.ts";
import "../admin.css";

// Every page here depends on who asks, and carries the nonce of its request.
export const dynamic = "force-dynamic";

export const metadata: Metadata = {
  title: { template: "%s · Nines", default: "Nines" },
  icons: { icon: "/favicon.svg" },
  robots: { index: false, follow: false },
};
export const viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

/** The root of the pages for those who run the services. */
const AdminLayout = async ({ children }: { children: ReactNode }) => {
  const language = await adminLanguage();
  return (
    <html lang={language} dir={directionOf(language)} data-theme={(await adminTheme()) ?? undefined}>
      <body>{children}</body>
    </html>
  );
};
export default AdminLayout;
