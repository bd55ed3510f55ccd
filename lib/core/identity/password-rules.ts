/** NIST SP 800-63B, 3.1.1: length and a list of what everybody tries; no rules on kinds of characters. */
export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 128;

/** What passwords are made of that everybody tries first, lower case, without the digits and signs around it. */
const COMMON: ReadonlySet<string> = new Set([
  "abc",
  "abcd",
  "admin",
  "administrator",
  "adminadmin",
  "baseball",
  "basketball",
  "changeme",
  "changemenow",
  "charlie",
  "computer",
  "default",
  "dragon",
  "football",
  "guest",
  "hello",
  "helloworld",
  "iloveyou",
  "iloveyousomuch",
  "letmein",
  "letmeinnow",
  "login",
  "master",
  "michael",
  "monkey",
  "mypassword",
  "nines",
  "pass",
  "passw",
  "password",
  "passwordpassword",
  "princess",
  "qazwsx",
  "qazwsxedc",
  "qwerty",
  "qwertyqwerty",
  "qwertyuiop",
  "qwertyuiopasdf",
  "qwertzuiop",
  "root",
  "secret",
  "secretpassword",
  "shadow",
  "sunshine",
  "superman",
  "test",
  "testing",
  "testpassword",
  "thisisapassword",
  "trustno",
  "user",
  "welcome",
  "welcomewelcome",
]);

const FEWEST_DIFFERENT = 5;
const SEQUENCES = ["01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "98765432109876543210"];
/** What people write in place of letters. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  $: "s",
  "@": "a",
};

const lettersOf = (text: string): string => text.replace(/[^a-z]/g, "");
const plainLetters = (text: string): string => lettersOf([...text].map((char) => LOOKALIKES[char] ?? char).join(""));

/** Passwords are compared after this, so that one typed on another keyboard is the same. */
export const normalisePassword = (password: string): string => password.normalize("NFKC");

/**
 * Why a password is not taken, as a sentence without its subject; null when it is.
 * @param password normalised
 */
export const faultOfPassword = (password: string, owner: { readonly login: string }): string | null => {
  const length = [...password].length;
  if (length < SHORTEST_PASSWORD) return `has fewer than ${SHORTEST_PASSWORD} characters`;
  if (length > LONGEST_PASSWORD) return `has more than ${LONGEST_PASSWORD} characters`;
  if (password.includes("\0") || !password.isWellFormed()) return "holds characters that cannot be typed";
  const lower = password.toLowerCase();
  if (new Set(lower).size < FEWEST_DIFFERENT) return "repeats a few characters";
  if (SEQUENCES.some((sequence) => sequence.includes(lower))) return "is a row of the keyboard";
  // Signs at the end are decoration: what is left is what was chosen.
  const ending = lower.replace(/[^a-z]+$/, "");
  const words = [lettersOf(lower), plainLetters(ending), plainLetters(lower)];
  if (words.some((word) => COMMON.has(word))) return "is one of those that everybody tries";
  const name = owner.login.split("@")[0] ?? "";
  if (name.length >= 4 && lower.includes(name)) return "holds the name that you sign in with";
  return null;
};
