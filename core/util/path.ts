/** Paths as text: nothing here looks at the disk. POSIX form, absolute when said. */

/** Joins and normalises: `..` and `.` are resolved, doubled slashes dropped. */
export function resolvePath(cwd: string, path: string): string {
  const full = isAbsolute(path) ? path : `${cwd}/${path}`;
  const windows = /^[A-Za-z]:/.exec(full)?.[0] ?? "";
  const parts: string[] = [];
  for (
    const part of full.slice(windows.length).split(windows ? /[\\/]/ : "/")
  ) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `${windows}/${parts.join("/")}`;
}

/** Whether a path begins at the root (or a drive letter). */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** Whether `path` is `parent` or lies below it. Both absolute and normalised. */
export function isInside(path: string, parent: string): boolean {
  if (path === parent || parent === "/") return true;
  return path.startsWith(`${parent}/`);
}

/** Everything before the last slash; the root is its own parent. */
export function dirname(path: string): string {
  const at = path.lastIndexOf("/");
  if (at <= 0) return "/";
  return path.slice(0, at);
}

/** The folder and all above it up to and including `top`, nearest first. */
export function ancestors(folder: string, top: string = "/"): string[] {
  const list = [folder];
  for (let at = folder; at !== top && at !== dirname(at);) {
    at = dirname(at);
    list.push(at);
  }
  return list;
}

/** Everything after the last slash. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path as seen from `base` when it lies inside it, else unchanged. */
export function relativeTo(path: string, base: string): string {
  if (path === base) return ".";
  const prefix = base === "/" ? "/" : `${base}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

/** Replaces a leading `~` by the home folder. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  return path.startsWith("~/") ? `${home}${path.slice(1)}` : path;
}
