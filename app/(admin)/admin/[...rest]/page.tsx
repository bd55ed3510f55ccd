import { notFound } from "next/navigation";

/** Every other address below /admin: answered by not-found.tsx in the look of the dashboards. */
const UnknownPage = () => notFound();
export default UnknownPage;
