import type { Plural } from "../../../_words/words.ts";

/** A person's own account. `{name}` is filled by the page. */
export const account = {
  title: "Account",
  fromProvider: "{login}, {role}, by the identity provider",
  who: "{login}, {role}",
  problems: {
    present: "The present password is wrong.",
    value:
      "That was not taken: a password has 12 characters or more and is not one that everybody tries; a code is the newest one of the app.",
    state: "Somebody changed this meanwhile. Look at how it is now.",
    limit: "Too many tries. Wait a quarter of an hour.",
  },
  done: {
    password: "The password is changed, and your other sessions have ended.",
    "factor/confirm": "The second factor is on.",
    "factor/remove": "The second factor is off.",
    "sessions/end": "The session has ended.",
  },
  password: "Password",
  presentPassword: "Present password",
  newPassword: "New password, 12 characters or more",
  changePassword: "Change the password",
  setPassword: "Set a password",
  factor: "Second factor",
  factorSteps:
    "Enter this secret into your app, or open the link on the device that has it; then type a code that it shows.",
  code: "Code",
  turnOn: "Turn it on",
  turnOff: "Turn it off",
  setUp: "Set up an app for codes",
  codes: "Keep these codes in a safe place, they are shown this once. Each of them signs in once without the app.",
  factorIsOn: "Signing in takes a code of your app.",
  codesLeft: { one: "{count} recovery code is left.", other: "{count} recovery codes are left." } as Plural,
  sessions: "Sessions",
  thisOne: "this one",
  since: "since {time}",
  unknownBrowser: "unknown browser",
  endSession: "End it",
  methods: {
    link: "one-time link",
    password: "password",
    totp: "password and code",
    recovery_code: "password and recovery code",
    oidc: "identity provider",
  },
};
