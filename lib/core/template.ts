/** `{{name}}`, with blanks inside the braces if wanted. Anything else between braces is plain text. */
const VARIABLE = /\{\{\s*([a-z][a-z0-9_]{0,62})\s*\}\}/g;

/** What a variable may be called. */
export const VARIABLE_NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** The variables of a text, in their order, each as often as it stands there. */
export const variablesIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(VARIABLE), ([, name = ""]) => name);

/** The text with each variable replaced by what `valueOf` gives for it; a value is not looked at again. */
export const fillTemplate = (text: string, valueOf: (name: string) => string): string =>
  text.replace(VARIABLE, (_whole, name: string) => valueOf(name));
