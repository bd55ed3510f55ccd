import { redirect } from "next/navigation";

/** The overview is where everybody begins. */
const AdminPage = () => redirect("/admin/slos");
export default AdminPage;
