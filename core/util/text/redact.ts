/** Takes keys and tokens out of text that leaves the machine. */

/** What stands where a secret was. */
const REDACTED = "[redacted]";

// None of these begins where another of its kind could begin again and again: a megabyte
// of half a key takes no longer than one of words.

// Forms of keys that their makers document; each has a prefix that nothing else has.
const TOKENS =
  /\b(?:sk|pk|rk)-(?:[A-Za-z]+-)?[A-Za-z0-9_-]{16,}|\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bA(?:KIA|SIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bnpm_[A-Za-z0-9]{30,}|\bhf_[A-Za-z0-9]{20,}|\beyJ(?:(?!-eyJ)[\w-]){8,4000}\.[\w-]{8,}\.[\w-]*/g;
const PRIVATE_KEY =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-(?!----)[^-]*)*-----END [A-Z ]*PRIVATE KEY-----/g;
const BEARER = /\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi;
// NAME=value and "name": "value"; quotes may be escaped inside JSON text.
const ASSIGNED =
  /((?:api[_-]?key|secret|token|passw(?:or)?d|credential)s?(?:\\*["'])?\s*[:=]\s*(?:\\*["'])?)([^\s"'\\,;&<>{}[\]()$]{6,})/gi;
const URL_PASSWORD = /(:\/\/[^\s:/@"]*:)[^\s:/@"\\]+(?=@)/g;

/**
 * The text without what looks like a key, and without the secrets that are known by
 * value. JSON text stays JSON text.
 */
export function redactSecrets(
  text: string,
  known: readonly string[] = [],
): string {
  let clean = text;
  for (const secret of known) {
    // Short values would take words out of the text.
    if (secret.length < 6) continue;
    clean = clean.replaceAll(secret, REDACTED);
    clean = clean.replaceAll(JSON.stringify(secret).slice(1, -1), REDACTED);
  }
  return clean
    .replace(PRIVATE_KEY, REDACTED)
    .replace(TOKENS, REDACTED)
    .replace(BEARER, `$1$2${REDACTED}`)
    .replace(URL_PASSWORD, `$1${REDACTED}`)
    .replace(
      ASSIGNED,
      (match, start: string, value: string) =>
        /^\d{1,7}$/.test(value) ? match : `${start}${REDACTED}`,
    );
}
