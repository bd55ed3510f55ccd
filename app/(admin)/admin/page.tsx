import { redirect } from "next/navigation";

/** There is one kind of dashboard so far. */
const AdminPage = () => redirect("/admin/slos");
export default AdminPage;
