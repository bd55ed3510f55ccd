/** The words of the sign-in page. */
export const signIn = {
  title: "Sign in",
  link: "You are opening the dashboards of this installation. This link works once.",
  login: "E-mail address or name",
  password: "Password",
  code: "Code of your app, if your account has one",
  submit: "Sign in",
  provider: "Sign in with {name}",
  noAccess: "No password, or locked out? Run this on the machine that Nines runs on:",
  setUpTitle: "Set up Nines",
  setUp: "You are the first one here: this account may do everything. 12 characters or more make a password.",
  yourName: "Your name",
  setUpSubmit: "Create the account",
  withoutAccount: "Sign in without a password for now",
  page: "See the status page",
  problems: {
    link: "This link was used already, is too old, or is not complete.",
    credentials: "The name, the password or the code is wrong.",
    limit: "Too many tries. Wait a quarter of an hour, or use a link.",
    oidc: "The sign-in at the identity provider did not work. Try again.",
    refused: "The identity provider knows you, but you may not sign in here.",
    setup: "Take a name without spaces, and a password of 12 characters or more that nobody would try.",
  },
};
export type SignInWords = typeof signIn;
