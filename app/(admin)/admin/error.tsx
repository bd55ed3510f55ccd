"use client";

/** Shown when a page's data could not be read; the server has logged why, under the digest. */
const ErrorPage = ({ error }: { error: Error & { digest?: string } }) => (
  <main className="door">
    <h1>This page could not be made</h1>
    <p>
      The database may be busy or away. The public status page is not affected. Please load this page again in a moment.
    </p>
    {error.digest === undefined ? null : <p className="small soft">{`Reference: ${error.digest}`}</p>}
  </main>
);
export default ErrorPage;
