import { redirect } from "next/navigation";

/** Probes are listed with their services. */
const ProbesPage = (): never => redirect("/admin/services");
export default ProbesPage;
