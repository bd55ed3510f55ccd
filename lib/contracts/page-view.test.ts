import { describe, expect, test } from "vitest";
import { badDay } from "#test/support/sample-snapshot.ts";
import { hiddenServices, pagesOfSnapshot, viewOfPage } from "./page-view.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SnapshotPage } from "./snapshot-pages.ts";

const pageOf = (id: string, serviceIds: string[], audience: SnapshotPage["audience"]): SnapshotPage => ({
  id,
  name: `Page ${id}`,
  url: null,
  timeZone: "UTC",
  languages: ["en"],
  hosts: [`${id}.example.com`],
  audience,
  serviceIds,
});

const withPages = (): { snapshot: Snapshot; shown: string[]; hidden: string[] } => {
  const snapshot = badDay();
  const ids = snapshot.services.map(({ id }) => id);
  const touched = snapshot.incidents.flatMap(({ serviceIds }) => serviceIds);
  const hidden = ids.filter((id) => touched.includes(id)).slice(0, 1);
  const shown = ids.filter((id) => !hidden.includes(id));
  const pages = [pageOf("main", shown, { kind: "public" }), pageOf("staff", ids, { kind: "sign_in" })];
  return { snapshot: { ...snapshot, pages }, shown, hidden };
};

describe("the view of a page", () => {
  test("names no service that the page does not show, in no part of it", () => {
    const { snapshot, shown, hidden } = withPages();
    const [main] = pagesOfSnapshot(snapshot);
    const view = viewOfPage(snapshot, main as SnapshotPage);
    expect(view.services.map(({ id }) => id)).toEqual(shown);
    expect(hidden.length).toBe(1);
    expect(
      JSON.stringify({
        ...view,
        incidents: view.incidents.map(({ updates, ...rest }) => ({
          ...rest,
          updates: updates.map(({ affected }) => affected),
        })),
      }),
    ).not.toContain(`"${hidden[0]}"`);
    expect(view.pages).toBeUndefined();
    expect(view.page.name).toBe("Page main");
  });

  test("keeps everything where the page shows all, and is the snapshot itself where there is one page", () => {
    const { snapshot } = withPages();
    const staff = pagesOfSnapshot(snapshot)[1] as SnapshotPage;
    expect(viewOfPage(snapshot, staff).services).toEqual(snapshot.services);
    expect(viewOfPage(snapshot, staff).incidents).toEqual(snapshot.incidents);
    const plain = badDay();
    expect(viewOfPage(plain, pagesOfSnapshot(plain)[0] as SnapshotPage)).toBe(plain);
  });

  test("says how bad an incident is for the services that stand on the page, not for those of elsewhere", () => {
    const { snapshot, shown, hidden } = withPages();
    const [own = "", other = ""] = [shown[0], hidden[0]];
    const incident = {
      ...(snapshot.incidents[0] as Snapshot["incidents"][number]),
      impact: "critical" as const,
      serviceIds: [own, other],
      affected: [
        { serviceId: own, impact: "minor" as const },
        { serviceId: other, impact: "critical" as const },
      ],
    };
    const [main, staff] = pagesOfSnapshot(snapshot).map(
      (page) => viewOfPage({ ...snapshot, incidents: [incident] }, page).incidents[0]?.impact,
    );
    expect([main, staff]).toEqual(["minor", "critical"]);
  });

  test("services of protected pages alone are hidden from the public", () => {
    const { snapshot, hidden } = withPages();
    expect([...hiddenServices(snapshot)]).toEqual(hidden);
    expect(hiddenServices(badDay()).size).toBe(0);
  });
});
