/** The conformance suite of MCP against build/rondo, client and server; not part of the gate. */
// deno run -A scripts/mcp_conformance.ts [SCENARIO …]. It fetches the suite from npm.
import { startModel } from "./conformance/model.ts";
import { serveBridge } from "./conformance/bridge.ts";

const SUITE = "npm:@modelcontextprotocol/conformance@0.1.16";

/** What a scenario asks of a client that rondo is. */
const CLIENT = [
  "initialize",
  "tools_call",
  "sse-retry",
  "auth/metadata-default",
  "auth/metadata-var1",
  "auth/metadata-var2",
  "auth/metadata-var3",
  "auth/basic-cimd",
  "auth/scope-from-www-authenticate",
  "auth/scope-from-scopes-supported",
  "auth/scope-omitted-when-undefined",
  "auth/scope-step-up",
  "auth/token-endpoint-auth-basic",
  "auth/token-endpoint-auth-post",
  "auth/token-endpoint-auth-none",
  "auth/pre-registration",
  "auth/2025-03-26-oauth-endpoint-fallback",
];
const SERVER = ["server-initialize", "ping", "tools-list"];

/** What does not apply, and why; nothing else is left out. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "elicitation-sep1034-client-defaults":
    "wants a form accepted that nobody has seen; exec declines",
  "auth/2025-03-26-oauth-metadata-backcompat":
    "its issuer is not the address that was asked, which RFC 8414 section 3.3 forbids",
  "auth/scope-retry-limit": "a login is a person's, each one is asked for",
  "auth/resource-mismatch, auth/offline-access-*": "drafts",
  "auth/client-credentials-*, auth/cross-app-*":
    "extensions: logins without a person",
  "tools-call-*, json-schema-2020-12, elicitation-*":
    "call tools of the suite's own example server",
  "resources-*, prompts-*, completion-complete, logging-set-level":
    "rondo mcp-server offers tools alone",
  "server-sse-*, dns-rebinding-protection":
    "about HTTP; rondo mcp-server speaks on stdin and stdout",
};

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(only: readonly string[]): Promise<number> {
  await using model = startModel();
  await using bridge = serveBridge();
  const isWanted = (name: string): boolean =>
    only.length === 0 || only.includes(name);
  const client = decodeURIComponent(
    new URL("conformance/client.ts", import.meta.url).pathname,
  );
  let failed = 0;
  for (const name of CLIENT.filter(isWanted)) {
    const command = `${Deno.execPath()} run -A --no-lock ${client}`;
    const words = ["client", "--command", command];
    failed += await run(name, words, { MODEL_URL: model.url });
  }
  for (const name of SERVER.filter(isWanted)) {
    failed += await run(name, ["server", "--url", bridge.url], {});
  }
  for (const [names, why] of Object.entries(LEFT_OUT)) {
    console.log(`left out  ${names}: ${why}`);
  }
  console.log(failed === 0 ? "All passed" : `${failed} failed`);
  return failed === 0 ? 0 : 1;
}

// The scenario's own output only where it fails.
async function run(
  name: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", SUITE, ...words, "--scenario", name],
    env: { ...env, NO_COLOR: "1" },
  }).output();
  console.log(`${code === 0 ? "passed" : "FAILED"}    ${name}`);
  if (code === 0) return 0;
  const decoder = new TextDecoder();
  console.log(decoder.decode(stdout).slice(-3_000));
  console.log(decoder.decode(stderr).slice(-1_000));
  return 1;
}
