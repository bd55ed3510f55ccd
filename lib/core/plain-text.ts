// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for; NUL is refused elsewhere.
const CONTROLS = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const LINE_ENDS = /\s*[\r\n\u2028\u2029]\s*/g;

/** A text without the control characters that no reader sees and that terminals obey; tabs and line ends stay. */
export const withoutControls = (text: string): string => text.replaceAll(CONTROLS, "");

/** The same in one line: what people and mail servers read as a title. */
export const oneLine = (text: string): string => withoutControls(text).replaceAll(LINE_ENDS, " ");
