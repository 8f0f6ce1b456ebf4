/** Which proxy stands before an address, by the variables that all programs read. No I/O. */

type Env = (name: string) => string | undefined;

/** The variables that the runtime reads as well, in both cases. */
export const PROXY_VARIABLES = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
].flatMap((name) => [name, name.toLowerCase()]);

/**
 * The URL of the proxy for an address; undefined for none. A loopback address has none,
 * whatever the environment says, unless it is the provider's own setting. NO_PROXY holds
 * against both: `*`, names with or without a leading dot or `*.`, ports, CIDR.
 */
export function proxyFor(
  url: string,
  env: Env,
  own?: string,
): string | undefined {
  const target = URL.parse(url);
  if (target === null || isExcepted(target, read(env, "NO_PROXY"))) {
    return undefined;
  }
  if (own !== undefined) return own;
  if (isLoopback(target.hostname)) return undefined;
  const name = target.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = read(env, name) || read(env, "ALL_PROXY");
  if (proxy === "") return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

// A host name or address of this machine's own.
function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return /(^|\.)localhost$/.test(name) || /^127(\.\d+){3}$/.test(name) ||
    name === "[::1]" || name === "0.0.0.0" || name === "[::]" ||
    name.startsWith("[::ffff:7f");
}

function read(env: Env, name: string): string {
  return (env(name.toLowerCase()) || env(name) || "").trim();
}

function isExcepted(target: URL, list: string): boolean {
  const standard = target.protocol === "https:" ? "443" : "80";
  const place = {
    host: bareHost(target.hostname),
    port: target.port || standard,
  };
  return list.split(/[\s,;]+/).some((entry) => matches(entry, place));
}

function matches(
  entry: string,
  { host, port }: { readonly host: string; readonly port: string },
): boolean {
  if (entry === "*") return true;
  const text = entry.replace(/^[a-z]+:\/\//i, "");
  const [, name = "", wanted] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/
    .exec(text) ?? [];
  const bare = bareHost(name).replace(/^\*?\./, "");
  if (bare === "" || wanted !== undefined && wanted !== port) return false;
  return bare.includes("/")
    ? isInside(host, bare)
    : host === bare || host.endsWith(`.${bare}`);
}

function bareHost(name: string): string {
  return name.toLowerCase().replace(/^\[|\](?=\/|$)/g, "").replace(/\.$/, "");
}

function isInside(host: string, block: string): boolean {
  const [base = "", length = ""] = block.split("/");
  const address = bitsOf(host);
  const network = bitsOf(base);
  if (address === undefined || network?.length !== address.length) return false;
  const count = Number(length);
  return /^\d+$/.test(length) && count <= address.length &&
    address.slice(0, count) === network.slice(0, count);
}

// An address as a text of ones and zeros; undefined for a name.
function bitsOf(address: string): string | undefined {
  if (/^\d+(\.\d+){3}$/.test(address)) {
    return address.split(".").map((part) => binary(Number(part), 8)).join("");
  }
  if (!address.includes(":")) return undefined;
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => text === "" ? [] : text.split(":");
  const first = groups(head);
  const last = groups(tail ?? "");
  const gap = tail === undefined ? 0 : 8 - first.length - last.length;
  if (gap < 0) return undefined;
  return [...first, ...Array<string>(gap).fill("0"), ...last]
    .map((group) => binary(Number.parseInt(group, 16), 16)).join("");
}

function binary(value: number, width: number): string {
  return value.toString(2).padStart(width, "0");
}
