/** The client of one scenario: logs in where that is the point, then runs a turn. */
// The suite starts it with the server's URL as the last argument.

const RONDO = decodeURIComponent(
  new URL("../../build/rondo", import.meta.url).pathname,
);

if (import.meta.main) Deno.exit(await main(Deno.args.at(-1) ?? ""));

async function main(url: string): Promise<number> {
  const scenario = Deno.env.get("MCP_CONFORMANCE_SCENARIO") ?? "";
  const home = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${home}/config.toml`, config());
    const words = ["mcp", "add", "t", "--url", url, ...clientFlags(scenario)];
    await run(home, words);
    const isLogin = scenario.startsWith("auth/");
    if (isLogin) await logIn(home);
    const exec = ["exec", "--skip-git-repo-check", "go"];
    const code = await run(home, exec);
    if (scenario !== "auth/scope-step-up") return code;
    await logIn(home);
    return await run(home, exec);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function config(): string {
  return `model = "gpt-5.2"
model_provider = "m"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.m]
name = "m"
base_url = "${Deno.env.get("MODEL_URL")}"
wire_api = "responses"
`;
}

// What a person was given by whoever runs the server.
function clientFlags(scenario: string): readonly string[] {
  const context = JSON.parse(Deno.env.get("MCP_CONFORMANCE_CONTEXT") ?? "{}");
  if (scenario === "auth/basic-cimd") {
    const page = "https://conformance-test.local/client-metadata.json";
    return ["--oauth-client-id", page];
  }
  const { client_id, client_secret } = context;
  return [
    ...(client_id === undefined ? [] : ["--oauth-client-id", client_id]),
    ...(client_secret === undefined
      ? []
      : ["--oauth-client-secret", client_secret]),
  ];
}

// The person agrees at once: the page that is shown is opened.
async function logIn(home: string): Promise<void> {
  const child = start(home, ["mcp", "login", "t"], "piped");
  let text = "";
  let isOpen = false;
  for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const page = /\n\s+(https?:\S+)\n/.exec(text)?.[1];
    if (page === undefined || isOpen) continue;
    isOpen = true;
    void fetch(page).then((response) => response.body?.cancel(), () => {});
  }
  console.error(text, (await child.status).code);
}

async function run(home: string, args: readonly string[]): Promise<number> {
  return (await start(home, args, "inherit").status).code;
}

function start(
  home: string,
  args: readonly string[],
  stderr: "piped" | "inherit",
): Deno.ChildProcess {
  return new Deno.Command(RONDO, {
    args: [...args],
    cwd: home,
    env: { CODEX_HOME: home, HOME: home },
    stdin: "null",
    stderr,
  }).spawn();
}
