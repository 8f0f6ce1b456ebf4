/** Data. Files that a program looks for by itself where it is started, and does what they say. */

const GRADLE = [
  "build.gradle",
  "build.gradle.kts",
  "settings.gradle",
  "settings.gradle.kts",
  "gradle.properties",
];
const BAZEL = [".bazelrc", "MODULE.bazel", "WORKSPACE", "BUILD", "tools/bazel"];
const CONTAINERS = [
  "Dockerfile",
  "Containerfile",
  "docker-bake.hcl",
  ".env",
  ...["compose", "docker-compose"].flatMap((name) =>
    ["", ".override"].flatMap((more) =>
      ["yaml", "yml"].map((end) => `${name}${more}.${end}`)
    )
  ),
];

/** By name of the program: paths below the folder; the first word of a row's comment is its source. */
export const RUNNERS: ReadonlyMap<string, readonly string[]> = new Map([
  // make(1), GNU 4.4.
  ["make", ["GNUmakefile", "makefile", "Makefile"]],
  ["gmake", ["GNUmakefile", "makefile", "Makefile"]],
  // npm-run-script(1), npmrc(5): scripts, and `script-shell` or another registry.
  ["npm", ["package.json", ".npmrc"]],
  ["npx", [".npmrc"]],
  // pnpm.io/settings, yarnpkg.com/configuration, bun.sh/docs/runtime/bunfig.
  ["pnpm", [
    "package.json",
    ".npmrc",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
  ]],
  ["pnpx", [".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"]],
  // What `yarnPath` and `plugins` name lies in the folders; a `*` stands for each file.
  ["yarn", [
    "package.json",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnp.cjs",
    ".pnp.loader.mjs",
    ".yarn/releases/*",
    ".yarn/plugins/*",
  ]],
  ["bun", ["package.json", ".npmrc", "bunfig.toml"]],
  ["bunx", [".npmrc", "bunfig.toml"]],
  // docs.deno.com, "Configuration": an import map may be named there.
  ["deno", ["deno.json", "deno.jsonc", "package.json", "import_map.json"]],
  // docs.astral.sh/uv; `uvx` reads the files of its user alone.
  ["uv", ["pyproject.toml", "uv.toml", ".python-version", ".venv/bin/python"]],
  ["poetry", ["pyproject.toml", "poetry.toml", ".venv/bin/python"]],
  ["pdm", ["pyproject.toml", "pdm.toml", ".pdm-python"]],
  ["hatch", ["pyproject.toml", "hatch.toml"]],
  // pipenv.pypa.io; docs.pytest.org, "Configuration"; nox, invoke, fabric by their manuals.
  ["pipenv", ["Pipfile", ".env"]],
  ["pytest", [
    "conftest.py",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
  ]],
  ["tox", ["tox.ini", "pyproject.toml", "setup.cfg"]],
  ["nox", ["noxfile.py"]],
  ["invoke", ["tasks.py", "invoke.yaml"]],
  ["inv", ["tasks.py", "invoke.yaml"]],
  ["fab", ["fabfile.py", "fabric.yml"]],
  // doc.rust-lang.org/cargo: build scripts, and `runner` or `rustc-wrapper`; rustup takes
  // a toolchain from a folder that the file names.
  ["cargo", [
    "Cargo.toml",
    "build.rs",
    ".cargo/config",
    ".cargo/config.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
  ]],
  // `go help modules`, `go help generate`.
  ["go", ["go.mod", "go.work"]],
  ["mage", ["magefile.go"]],
  // just.systems/man, taskfile.dev/reference, rake(1), bundle-config(1), getcomposer.org.
  ["just", ["justfile", "Justfile", ".justfile", ".env"]],
  [
    "task",
    ["yml", "yaml", "dist.yml", "dist.yaml"].flatMap((
      end,
    ) => [`Taskfile.${end}`, `taskfile.${end}`]),
  ],
  ["rake", ["Rakefile", "rakefile", "Rakefile.rb", "rakefile.rb"]],
  ["bundle", ["Gemfile", "gems.rb", ".bundle/config"]],
  ["rspec", [".rspec", "spec/spec_helper.rb"]],
  ["composer", ["composer.json"]],
  ["phpunit", ["phpunit.xml", "phpunit.xml.dist"]],
  ["prove", [".proverc"]],
  // maven.apache.org/configure; docs.gradle.org, "Build environment"; the wrappers too.
  ["mvn", [
    "pom.xml",
    ".mvn/extensions.xml",
    ".mvn/jvm.config",
    ".mvn/maven.config",
  ]],
  ["mvnw", ["pom.xml", ".mvn/extensions.xml", ".mvn/wrapper/*"]],
  ["gradle", GRADLE],
  ["gradlew", [...GRADLE, "gradle/wrapper/*"]],
  ["ant", ["build.xml"]],
  ["sbt", ["build.sbt", ".sbtopts", ".jvmopts", "project/*"]],
  ["lein", ["project.clj", "profiles.clj"]],
  ["mix", ["mix.exs"]],
  ["rebar3", ["rebar.config"]],
  // learn.microsoft.com/dotnet/core/tools and /visualstudio/msbuild; swift.org; ziglang.org.
  ["dotnet", [
    "global.json",
    "Directory.Build.props",
    "Directory.Build.targets",
    "nuget.config",
  ]],
  ["swift", ["Package.swift"]],
  ["zig", ["build.zig"]],
  ["dart", ["pubspec.yaml"]],
  ["flutter", ["pubspec.yaml"]],
  ["stack", ["stack.yaml"]],
  ["cabal", ["cabal.project"]],
  // cmake(1), ninja(1), mesonbuild.com, bazel.build/run/bazelrc, scons(1).
  ["cmake", ["CMakeLists.txt", "CMakePresets.json"]],
  ["ninja", ["build.ninja"]],
  ["meson", ["meson.build"]],
  ["bazel", BAZEL],
  ["bazelisk", [...BAZEL, ".bazeliskrc"]],
  ["scons", ["SConstruct", "Sconstruct", "sconstruct"]],
  // Their own pages, "Configuration": modules that are loaded.
  ...[
    "eslint",
    "prettier",
    "jest",
    "vitest",
    "vite",
    "mocha",
    "webpack",
    "gulp",
  ]
    .map((name): [string, readonly string[]] => [name, [
      "package.json",
      `${name}.config.*`,
      `.${name}rc`,
      `.${name}rc.*`,
      `${name}file.*`,
    ]]),
  ["grunt", ["Gruntfile.*", "gruntfile.*"]],
  ["tsx", ["tsconfig.json"]],
  ["ts-node", ["tsconfig.json"]],
  // compose-spec.io, "Compose file"; docs.docker.com/reference/cli.
  ["docker", CONTAINERS],
  ["podman", CONTAINERS],
  ["docker-compose", CONTAINERS],
  // ansible-playbook(1), terraform.io, vagrantup.com, foreman(1), docs of each.
  ["ansible", ["ansible.cfg"]],
  ["ansible-playbook", ["ansible.cfg"]],
  ["terraform", ["*.tf"]],
  ["vagrant", ["Vagrantfile"]],
  ["foreman", ["Procfile", ".env"]],
  ["overmind", ["Procfile", ".overmind.env", ".env"]],
  ["lefthook", ["lefthook.yml", ".lefthook.yml", "lefthook-local.yml"]],
  ["pre-commit", [".pre-commit-config.yaml"]],
  ["direnv", [".envrc", ".env"]],
  ["mise", [
    "mise.toml",
    ".mise.toml",
    "mise.local.toml",
    ".mise/config.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
    ".tool-versions",
  ]],
  ["asdf", [".tool-versions"]],
  ["nix", ["flake.nix", "flake.lock"]],
  ["nix-shell", ["shell.nix", "default.nix"]],
  ["devenv", ["devenv.nix", "devenv.yaml"]],
  ["gdb", [".gdbinit"]],
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
