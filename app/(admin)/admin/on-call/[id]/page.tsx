import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { loadOnCallAlert } from "#lib/read/on-call.ts";
import { fillText } from "../../../../_view/format.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { Live } from "../../../_parts/live.tsx";
import { FiringAlert } from "../../../_parts/oncall-alert.tsx";
import { QuietReasons } from "../../../_parts/oncall-quiet.tsx";
import type { SearchParams } from "../../../_parts/view.ts";
import { adminLanguage, adminView } from "../../../_parts/view.ts";
import { ADMIN_WORDS } from "../../../_words/index.ts";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async (): Promise<Metadata> => ({
  title: ADMIN_WORDS[await adminLanguage()].oncall.title,
});

/** One alert: where the links of notifications lead. */
const AlertPage = async ({ params, searchParams }: Props) => {
  const view = await adminView(await searchParams);
  const { words } = view;
  const found = await loadOnCallAlert(view.cookie, (await params).id);
  if (found === null) notFound();
  const { alert } = found;
  return (
    <AdminFrame current="onCall" view={view}>
      <div className="thumb">
        <div>
          <p className="small soft crumb">
            <a className="quiet" href="/admin/on-call">
              {words.oncall.title}
            </a>{" "}
            / {fillText(words.oncall.alert, { id: alert.id })}
          </p>
          <Live view={view} />
          <FiringAlert view={view} alert={alert} context={found} level={1} />
          {alert.state === "firing" ? <QuietReasons view={view} alert={alert} context={found} /> : null}
        </div>{" "}
      </div>
    </AdminFrame>
  );
};
export default AlertPage;
