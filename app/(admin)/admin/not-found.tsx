/** For addresses that lead nowhere, and SLOs that left the configuration. */
const NotFoundPage = () => (
  <main className="door">
    <h1>There is no such page</h1>
    <p>The address may be mistyped, or the SLO may have left the configuration.</p>
    <p>
      <a href="/admin/slos">All SLOs</a>
    </p>
  </main>
);
export default NotFoundPage;
