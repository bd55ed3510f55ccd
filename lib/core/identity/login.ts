const LOGIN = /^[a-z0-9][a-z0-9._+@-]{0,253}$/;

/** What somebody typed as their login in the one form that is stored; null when it can be none. */
export const readLogin = (text: string): string | null => {
  const login = text.trim().toLowerCase();
  return LOGIN.test(login) ? login : null;
};
