/** The table of an MCP server in config.toml. */
import * as z from "zod/mini";
import { ignored, refused } from "./fates.ts";

const Text = z.lazy(() => z.string());
const Texts = z.lazy(() => z.array(z.string()));
const TextMap = z.lazy(() => z.record(z.string(), z.string()));
const Port = z.lazy(() => z.int().check(z.minimum(0), z.maximum(65_535)));
const Positive = z.lazy(() => z.number().check(z.positive()));

const ONE_PLACE = "servers run on this machine";

const ApprovalMode = z.lazy(() => z.enum(["auto", "prompt", "approve"]));

/** `[mcp_servers.<name>]` */
export const McpServerTable = z.lazy(() =>
  z.strictObject({
    command: z.optional(Text),
    args: z._default(Texts, []),
    env: z._default(TextMap, {}),
    env_vars: z._default(
      z.array(z.union([z.string(), z.looseObject({ name: Text })])),
      [],
    ).check(z.describe("Names of environment variables that are handed on")),
    cwd: z.optional(Text),
    url: z.optional(Text),
    bearer_token_env_var: z.optional(Text),
    http_headers: z._default(TextMap, {}),
    env_http_headers: z._default(TextMap, {}),
    oauth: z.optional(z.strictObject({
      client_id: z.optional(Text),
      token_endpoint_auth_method: z.optional(
        z.enum(["client_secret_basic", "client_secret_post"]),
      ),
      callback_port: z.optional(Port),
      callback_url: z.optional(Text).check(
        z.describe("Where the browser comes back to; without a port, to any"),
      ),
    })),
    oauth_resource: z.optional(Text),
    scopes: z.optional(Texts),
    enabled: z._default(z.boolean(), true),
    required: z._default(z.boolean(), false),
    startup_timeout_sec: z.optional(Positive),
    startup_timeout_ms: z.optional(Positive),
    tool_timeout_sec: z.optional(Positive),
    enabled_tools: z.optional(Texts),
    disabled_tools: z._default(Texts, []),
    default_tools_approval_mode: z.optional(ApprovalMode),
    tools: z._default(
      z.record(
        z.string(),
        z.strictObject({ approval_mode: z.optional(ApprovalMode) }),
      ),
      {},
    ),
    supports_parallel_tool_calls: z._default(z.boolean(), false),
    roots: z._default(z.boolean(), false).check(
      z.describe(
        "Tell the server of the working folder; a file server then works there, not in the folders of its arguments",
      ),
    ),
    omit_tools_from: refused('must be absent: set "disabled_tools"'),
    startup_readiness: ignored("a server is ready when it lists its tools"),
    name: ignored("a server is called by its table"),
    experimental_environment: ignored(ONE_PLACE),
    environment_id: ignored(ONE_PLACE),
    auth: ignored("a login is found by asking the server"),
  })
);
