import type { Metadata } from "next";
import { addressOf } from "../../../../_view/address.ts";
import { Frame } from "../../../_parts/frame.tsx";
import { loadView } from "../../../_parts/view.ts";

type Props = { params: Promise<{ language: string }> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { snapshot, format } = await loadView(params);
  return { title: `${format.words.notFound.title} · ${snapshot.page.name}`, robots: { index: false } };
};

/** What stands at addresses that do not exist; the server answers 404 with it. */
const NotFoundPage = async ({ params }: Props) => {
  const view = await loadView(params);
  const { notFound } = view.format.words;
  const say = (
    <>
      <h1>{notFound.title}</h1>
      <p>{notFound.text}</p>
    </>
  );
  return (
    <Frame view={view} role={null} say={say}>
      <p className="onward">
        <a href={addressOf("/", view)}>{notFound.home}</a>
      </p>
    </Frame>
  );
};
export default NotFoundPage;
