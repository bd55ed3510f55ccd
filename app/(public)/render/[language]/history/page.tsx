import type { Metadata } from "next";
import { monthsOfHistory } from "#lib/contracts/snapshot-months.ts";
import { addressOf } from "../../../../_view/address.ts";
import { countsText, monthCounts } from "../../../../_view/history.ts";
import { Frame, Up } from "../../../_parts/frame.tsx";
import { pageMetadata } from "../../../_parts/page-metadata.ts";
import { loadView } from "../../../_parts/view.ts";

type Props = { params: Promise<{ language: string }> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const view = await loadView(params);
  const { history } = view.format.words;
  return pageMetadata(view, "/history", {
    title: `${history.title} · ${view.snapshot.page.name}`,
    description: history.text,
  });
};

/** The months, newest first, each with what happened in it. */
const HistoryPage = async ({ params }: Props) => {
  const view = await loadView(params);
  const { snapshot, format } = view;
  const { history } = format.words;
  const say = (
    <>
      <Up view={view} path="/" name={`${snapshot.page.name} ${format.words.status}`} />
      <h1>{history.title}</h1>
      <p>{history.text}</p>
    </>
  );
  return (
    <Frame view={view} role={null} say={say}>
      <ul className="things months">
        {monthsOfHistory(snapshot).map((month) => (
          <li key={month}>
            <h2>
              <a className="cap" href={addressOf(`/history/${month}`, view)}>
                {format.month(month)}
              </a>
            </h2>
            <p>{countsText(monthCounts(snapshot, month), format)}</p>
          </li>
        ))}
      </ul>
    </Frame>
  );
};
export default HistoryPage;
