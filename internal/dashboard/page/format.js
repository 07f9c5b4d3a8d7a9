// Numbers for people. Each has one form, so that columns line up.

const binary = ["B", "KiB", "MiB", "GiB", "TiB"];
const decimal = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];

function scaled(n, base, units) {
  let i = 0;
  while (n >= base - 0.5 && i < units.length - 1) {
    n /= base;
    i++;
  }
  return `${i === 0 ? Math.round(n) : n.toFixed(n < 100 ? 1 : 0)} ${units[i]}`;
}

export const bytes = (n) => scaled(n ?? 0, 1024, binary);
export const rate = (n) => (n ? scaled(n, 1000, decimal) : "–");
export const count = (n) => (n ?? 0).toLocaleString("en");

/** share writes a part of one in percent; what is not known as a dash. */
export function share(x, digits = 2) {
  if (x == null || Number.isNaN(x)) return "–";
  return `${(100 * x).toFixed(digits)} %`;
}

/** span writes a time in seconds. */
export function span(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, seconds);
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** since writes how long ago a time was; both are texts. */
export const since = (at, now) => (at ? span((Date.parse(now) - Date.parse(at)) / 1000) : "–");

/** until writes how far away a time is; both are texts. */
export const until = (at, now) => since(now, at);

export const clock = (at) => new Date(at).toLocaleTimeString("en-GB");

/** nanoseconds writes a time, without its sign. */
export function nanoseconds(ns) {
  const n = Math.abs(ns ?? 0);
  if (n === 0) return "–";
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} ms` : span(n / 1e9);
}

/** some writes how many there are of something. */
export const some = (n, one) => `${count(n)} ${one}${n === 1 ? "" : "s"}`;

/** keyText writes the name of a transport session. */
export const keyText = (k) => `${k.source} → ${k.group} / ${k.tsi}`;

/** keyID is how the daemon writes it. */
export const keyID = (k) => `${k.source}>${k.group}/${k.tsi}`;

/** fileName writes a Content-Location as the name of a file, decoded if it can be. */
export function fileName(location) {
  if (!location) return "not described yet";
  let text = location.replace(/^file:\/\/\//, "");
  try {
    text = decodeURI(text);
  } catch {
    // It stays as it is.
  }
  return text;
}
