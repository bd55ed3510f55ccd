"use client";

import type { Preference } from "./preferences.ts";
import { PREFERENCES } from "./preferences.ts";

const YEAR_S = 31_536_000;

/** Keeps a choice, or forgets it when it is empty, and shows the page anew. */
const choose = (preference: Preference, value: string): void => {
  const age = value === "" ? 0 : YEAR_S;
  document.cookie = `${PREFERENCES[preference]}=${encodeURIComponent(value)}; Path=/admin; Max-Age=${age}; SameSite=Lax`;
  window.location.reload();
};

export type Choice = { readonly value: string; readonly label: string };

type Props = {
  readonly preference: Preference;
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  /** Stands for the zone of the device, which the server does not know. */
  readonly deviceLabel?: string;
};

/** One choice of how the dashboards look. */
export const PreferenceSelect = ({ preference, label, value, choices, deviceLabel }: Props) => (
  <label>
    {label}
    <select
      defaultValue={value}
      onChange={({ target }) =>
        choose(preference, target.value === "device" ? Intl.DateTimeFormat().resolvedOptions().timeZone : target.value)
      }
    >
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
      {deviceLabel === undefined ? null : <option value="device">{deviceLabel}</option>}
    </select>
  </label>
);
