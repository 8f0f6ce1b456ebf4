/** Data. Folders of the home folder that package managers and compilers fill, and who says so. */

interface BuildCache {
  /** Below the home folder. */
  readonly folder: string;
  readonly of: string;
  /** Where it is documented. */
  readonly source: string;
}

/** Only what holds downloads and results: no settings, no keys, no programs on the PATH. */
export const BUILD_CACHES: readonly BuildCache[] = [
  { folder: ".npm", of: "npm", source: "npm-config(7), cache" },
  { folder: ".cache/yarn", of: "yarn", source: "yarn cache dir" },
  { folder: ".yarn/berry", of: "yarn", source: "yarnrc.yml, globalFolder" },
  {
    folder: ".local/share/pnpm/store",
    of: "pnpm",
    source: "pnpm settings, storeDir",
  },
  { folder: ".cache/pnpm", of: "pnpm", source: "pnpm settings, cacheDir" },
  {
    folder: ".bun/install/cache",
    of: "bun",
    source: "bunfig.toml, install.cache.dir",
  },
  { folder: ".cache/deno", of: "deno", source: "deno info, DENO_DIR" },
  { folder: ".cache/node-gyp", of: "node-gyp", source: "node-gyp --devdir" },
  {
    folder: ".cache/node/corepack",
    of: "corepack",
    source: "corepack, COREPACK_HOME",
  },
  { folder: ".cache/pip", of: "pip", source: "pip cache dir" },
  { folder: ".cache/uv", of: "uv", source: "uv cache dir" },
  {
    folder: ".cache/pypoetry",
    of: "poetry",
    source: "poetry config, cache-dir",
  },
  { folder: ".cargo/registry", of: "cargo", source: "Cargo Home" },
  { folder: ".cargo/git", of: "cargo", source: "Cargo Home" },
  { folder: "go/pkg", of: "go", source: "go help environment, GOMODCACHE" },
  {
    folder: ".cache/go-build",
    of: "go",
    source: "go help environment, GOCACHE",
  },
  {
    folder: ".gradle/caches",
    of: "gradle",
    source: "Gradle directories, user home",
  },
  {
    folder: ".gradle/daemon",
    of: "gradle",
    source: "Gradle directories, user home",
  },
  {
    folder: ".gradle/native",
    of: "gradle",
    source: "Gradle directories, user home",
  },
  {
    folder: ".gradle/wrapper/dists",
    of: "gradle",
    source: "Gradle directories, user home",
  },
  {
    folder: ".m2/repository",
    of: "maven",
    source: "Maven settings, localRepository",
  },
  {
    folder: ".nuget/packages",
    of: "nuget",
    source: "NuGet, globalPackagesFolder",
  },
  {
    folder: ".cache/ccache",
    of: "ccache",
    source: "ccache(1), cache_dir",
  },
];
