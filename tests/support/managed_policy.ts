/** Managed policy for one program, without touching that of the machine. */

/** Runs under a command that gives a mount namespace of its own, where the file lies in /etc/codex. */
export async function withPolicy(
  requirements: string,
  run: (under: readonly string[]) => Promise<void>,
): Promise<void> {
  const etc = await Deno.makeTempDir({ dir: "/var/tmp" });
  try {
    const copy = new Deno.Command("cp", { args: ["-a", "/etc/.", etc] });
    await copy.output();
    await Deno.mkdir(`${etc}/codex`, { recursive: true });
    await Deno.writeTextFile(`${etc}/codex/requirements.toml`, requirements);
    const mount = 'mount --bind "$0" /etc && exec "$@"';
    await run(["unshare", "-m", "sh", "-c", mount, etc]);
  } finally {
    await Deno.remove(etc, { recursive: true });
  }
}

/** Whether this user can have one. */
export function canMount(): boolean {
  try {
    const args = ["-m", "sh", "-c", "mount --bind /tmp /mnt"];
    return new Deno.Command("unshare", { args, stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}
