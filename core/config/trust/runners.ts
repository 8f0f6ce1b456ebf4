/** Data. Files that a program looks for by itself where it is started, and does what they say. */

/** By name of the program: paths below the folder; the first word of a row's comment is its source. */
export const RUNNERS: ReadonlyMap<string, readonly string[]> = new Map([
  // make(1), GNU 4.4.
  ["make", ["GNUmakefile", "makefile", "Makefile"]],
  ["gmake", ["GNUmakefile", "makefile", "Makefile"]],
  // npm-run-script(1), npmrc(5): scripts, and `script-shell` or another registry.
  ["npm", ["package.json", ".npmrc"]],
  ["npx", [".npmrc"]],
  // pnpm.io/settings, yarnpkg.com/configuration, bun.sh/docs/runtime/bunfig.
  ["pnpm", ["package.json", ".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"]],
  ["pnpx", [".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"]],
  ["yarn", ["package.json", ".npmrc", ".yarnrc", ".yarnrc.yml"]],
  ["bun", ["package.json", ".npmrc", "bunfig.toml"]],
  ["bunx", [".npmrc", "bunfig.toml"]],
  // docs.deno.com, "Configuration".
  ["deno", ["deno.json", "deno.jsonc", "package.json"]],
  // docs.astral.sh/uv; `uvx` reads the files of its user alone.
  ["uv", ["pyproject.toml", "uv.toml"]],
  ["poetry", ["pyproject.toml"]],
  ["pdm", ["pyproject.toml"]],
  ["hatch", ["pyproject.toml", "hatch.toml"]],
  ["tox", ["tox.ini", "pyproject.toml"]],
  // doc.rust-lang.org/cargo: build scripts, and `runner` or `rustc-wrapper`.
  ["cargo", ["Cargo.toml", "build.rs", ".cargo/config.toml"]],
  // `go help modules`, `go help generate`.
  ["go", ["go.mod", "go.work"]],
  ["just", ["justfile", "Justfile", ".justfile"]],
  ["task", ["Taskfile.yml", "Taskfile.yaml"]],
  ["rake", ["Rakefile", "rakefile", "Rakefile.rb"]],
  ["bundle", ["Gemfile", ".bundle/config"]],
  ["composer", ["composer.json"]],
  ["mvn", ["pom.xml", ".mvn/extensions.xml", ".mvn/jvm.config"]],
  ["gradle", ["build.gradle", "build.gradle.kts", "settings.gradle"]],
  // compose-spec.io, "Compose file".
  ["docker", ["compose.yaml", "compose.yml", "docker-compose.yml", ".env"]],
  ["podman", ["compose.yaml", "compose.yml", "docker-compose.yml", ".env"]],
  ["docker-compose", ["compose.yaml", "docker-compose.yml", ".env"]],
  ["direnv", [".envrc"]],
  ["mise", ["mise.toml", ".mise.toml"]],
  ["nix", ["flake.nix"]],
  ["nix-shell", ["shell.nix", "default.nix"]],
  ["pre-commit", [".pre-commit-config.yaml"]],
]);

/** Programs that prefer a package of the folder's own over the one that is meant. */
export const PACKAGE_RUNNERS: ReadonlySet<string> = new Set([
  "bun",
  "bunx",
  "npm",
  "npx",
  "pnpm",
  "pnpx",
  "yarn",
]);

/** Programs that run every file of a folder: run-parts(8). */
export const FOLDER_RUNNERS: ReadonlySet<string> = new Set(["run-parts"]);
