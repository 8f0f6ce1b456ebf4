/** `[permissions]` as a schema: what a profile may say. */
import * as z from "zod/mini";
import { ignored } from "./fates.ts";

const Text = z.lazy(() => z.string());
const Access = z.lazy(() => z.enum(["read", "write", "deny", "none"]));
const Permit = z.lazy(() => z.enum(["allow", "deny", "none"]));

const NO_PROXY = "there is no proxy between commands and the network";

/** `[permissions.<name>]`: keys and values as in Codex 0.171. */
export const PermissionTable = z.lazy(() =>
  z.strictObject({
    description: ignored("it is not shown"),
    extends: z.optional(Text),
    workspace_roots: z._default(z.record(Text, z.boolean()), {}),
    // Paths, `:special` places, and in tables paths below them; the number is a search depth.
    filesystem: z._default(
      z.record(
        Text,
        z.union([
          Access,
          z.int().check(z.positive()),
          z.record(Text, Access),
        ]),
      ),
      {},
    ),
    network: z._default(
      z.strictObject({
        enabled: z.optional(z.boolean()),
        mode: z.optional(z.enum(["limited", "full"])),
        domains: z.optional(z.record(Text, Permit)),
        unix_sockets: ignored(NO_PROXY),
        proxy_url: ignored(NO_PROXY),
        enable_socks5: ignored(NO_PROXY),
        socks_url: ignored(NO_PROXY),
        enable_socks5_udp: ignored(NO_PROXY),
        allow_upstream_proxy: ignored(NO_PROXY),
        dangerously_allow_non_loopback_proxy: ignored(NO_PROXY),
        dangerously_allow_all_unix_sockets: ignored(NO_PROXY),
        allow_local_binding: ignored(NO_PROXY),
        mitm: z.optional(z.unknown()),
      }),
      {},
    ),
  })
);
