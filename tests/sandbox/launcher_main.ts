/** The launcher role alone, for tests that run it without building the program. */
import { runLauncher } from "../../sandbox/backends/launcher.ts";

if (Deno.args[0] === "sandbox-exec-linux") runLauncher(Deno.args.slice(1));
