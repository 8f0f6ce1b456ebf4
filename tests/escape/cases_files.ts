/** Writing where nothing is writable: files, links, metadata, devices, /proc and /sys. */
import { allowed, denied, type EscapeCase, METADATA_GAP } from "./cases.ts";

const SAME_VALUE = 'v=$(cat "$F"); printf "%s" "$v" > "$F"';

export const FILE_CASES: readonly EscapeCase[] = [
  denied("F01 append outside", 'echo x >> "$OUT/file"'),
  denied("F02 create outside", ': > "$OUT/new"'),
  denied("F03 create through dots", ': > "$DIR/../../out/$ID/new"'),
  denied(
    "F04 append through a link to a file",
    'ln -s "$OUT/file" l; echo x >> l',
  ),
  denied("F05 create through a link to a folder", 'ln -s "$OUT" d; : > d/new'),
  denied("F06 append through a hard link", 'ln "$OUT/file" h; echo x >> h'),
  denied(
    "F07 move a file in",
    'mv "$OUT/file" .; test -e file; test ! -e "$OUT/file"',
  ),
  denied("F08 move a file out", 'echo x > y; mv y "$OUT/new"'),
  denied(
    "F09 exchange two files",
    'echo x > y; "$T" swap "$DIR/y" "$OUT/file"',
  ),
  denied("F10 remove", 'rm -f "$OUT/file"; test ! -e "$OUT/file"'),
  denied("F11 truncate by path", '"$T" truncate "$OUT/file"'),
  denied("F12 truncate while opening to read", '"$T" read-trunc "$OUT/file"'),
  denied("F13 change mode", 'chmod 600 "$OUT/file"', { gaps: METADATA_GAP }),
  denied("F14 change times", 'touch -d 2001-01-01 "$OUT/file"', {
    gaps: METADATA_GAP,
  }),
  denied("F15 change owner", 'chown 1 "$OUT/file"', { rootOnly: true }),
  denied("F16 set an attribute", '"$T" xattr "$OUT/file"', {
    gaps: METADATA_GAP,
  }),
  denied("F17 set inode flags", '"$T" flags "$OUT/file"', {
    gaps: METADATA_GAP,
  }),
  denied("F18 make a folder", 'mkdir "$OUT/folder"'),
  denied("F19 remove a folder", 'rmdir "$OUT/dir"'),
  denied("F20 make a pipe", 'mkfifo "$OUT/pipe"'),
  denied("F21 make a link", 'ln -s x "$OUT/link"'),
  denied("F22 make a device", '"$T" node "$DIR/device"', { rootOnly: true }),
  denied("F23 through /proc/self/root", 'echo x >> "/proc/self/root$OUT/file"'),
  denied(
    "F24 through /proc/self/cwd",
    'cd "$OUT"; echo x >> /proc/self/cwd/file',
  ),
  denied(
    "F25 through another's root",
    'echo x >> "/proc/$VICTIM/root$OUT/file"',
  ),
  denied("F26 through another's cwd", 'echo x >> "/proc/$VICTIM/cwd/$ID/file"'),
  denied("F27 through another's descriptor", 'echo x >> "/proc/$VICTIM/fd/9"'),
  denied("F28 map and write", '"$T" mmap-write "$OUT/file"'),
  denied("F29 link an unnamed file", '"$T" tmpfile "$OUT" "$OUT/new"'),
  denied("F30 edit in place", 'sed -i s/original/changed/ "$OUT/file"'),
  denied(
    "F31 unpack with absolute names",
    'tar cPf a.tar "$OUT/file"; rm -rf "$OUT/file"; tar xPf a.tar; test -e "$OUT/file"',
  ),
  denied(
    "F32 write below /etc",
    'echo x > "/etc/rondo-escape"; rm "/etc/rondo-escape"',
    { rootOnly: true },
  ),
  denied("F33 write a start-up file", 'echo x >> "$HOME/.bashrc"'),
  denied(
    "F34 write beside the workspace",
    ': > "../../beside-$ID"; rm "../../beside-$ID"',
  ),
  denied(
    "F35 move the workspace away",
    'cd /; mv "$WS" "$WS-moved"; mv "$WS-moved" "$WS"',
  ),
  denied("F36 overwrite a part", 'printf X | dd of="$OUT/file" conv=notrunc'),
  denied(
    "F37 lock down by setuid",
    'cp /bin/true "$OUT/t"; chmod u+s "$OUT/t"',
  ),
  denied("F38 copy a tree out", 'mkdir t; echo x > t/x; cp -r t "$OUT/tree"'),
  denied(
    "F39 set git's global configuration",
    "git config --global core.pager evil",
    { needs: "git" },
  ),
  denied(
    "F40 core_pattern of the kernel",
    `F=/proc/sys/kernel/core_pattern; ${SAME_VALUE}`,
    { rootOnly: true },
  ),
  denied("F41 help of sysrq", "echo h > /proc/sysrq-trigger", {
    rootOnly: true,
  }),
  denied(
    "F42 a network setting of the kernel",
    `F=/proc/sys/kernel/panic; ${SAME_VALUE}`,
    { rootOnly: true },
  ),
  denied(
    "F43 interrupt routing",
    `F=/proc/irq/default_smp_affinity; ${SAME_VALUE}`,
    { rootOnly: true },
  ),
  denied("F44 a value below /sys", `F=/sys/kernel/mm/ksm/run; ${SAME_VALUE}`, {
    rootOnly: true,
  }),
  denied(
    "F45 make a control group",
    "mkdir /sys/fs/cgroup/rondo-escape; rmdir /sys/fs/cgroup/rondo-escape",
    { rootOnly: true },
  ),
  denied(
    "F46 open a disk for writing",
    'd=$(ls /dev/vda /dev/sda /dev/nvme0n1 2>/dev/null | head -n1); test -n "$d"; : 3>>"$d"',
    { rootOnly: true },
  ),
  denied(
    "F47 speak to the kernel log",
    "test -c /dev/kmsg; echo rondo-escape > /dev/kmsg",
    {
      rootOnly: true,
    },
  ),
  denied("F48 open by handle", '"$T" handle "$OUT/file" "$OUT"', {
    rootOnly: true,
  }),
  denied(
    "F49 set another's oom score",
    "F=/proc/$VICTIM/oom_score_adj; v=$(cat $F); echo $v > $F",
  ),
  denied("F50 write another's memory file", ': 3>>"/proc/$VICTIM/mem"'),
  denied("F51 leave a device-number file", 'mknod "$OUT/null" c 1 3', {
    rootOnly: true,
  }),
  denied(
    "F52 rename a folder above the workspace",
    'cd /; mv "$BASE" "$BASE-moved"; mv "$BASE-moved" "$BASE"',
  ),
  denied("F53 write through a moved cwd", 'cd "$OUT"; : > ./new'),
  denied(
    "F54 install a cron table",
    "echo x > /var/spool/rondo-escape; rm /var/spool/rondo-escape",
    { rootOnly: true },
  ),
  denied("F55 replace the program", 'cp /bin/true "$OUT/program"'),
  denied(
    "F56 open what everybody may write in /proc",
    ": 3>>/proc/pressure/cpu",
  ),
  denied(
    "F57 open anything in /proc that is no process's",
    "find /proc -path '/proc/[0-9]*' -prune -o -type f -perm /222 -print 2>/dev/null | while read -r f; do (: 3>>\"$f\") 2>/dev/null && echo open; done | grep -q open",
    { rootOnly: true },
  ),

  denied("R01 write in the workspace", ": > new", { policy: "read" }),
  denied("R02 write below /tmp", "n=/tmp/rondo-escape-$ID; : > $n; rm $n", {
    policy: "read",
  }),
  denied("R03 change mode", 'chmod 700 "$DIR"', { policy: "read" }),
  denied("R04 change times", 'touch -d 2001-01-01 "$DIR"', { policy: "read" }),
  denied("R05 set an attribute", '"$T" xattr "$DIR"', { policy: "read" }),
  denied("R06 set inode flags", '"$T" flags "$DIR"', { policy: "read" }),
  denied("R07 make a folder", "mkdir new", { policy: "read" }),
  denied("R08 remove", 'rm "$OUT/file"', { policy: "read" }),
  denied("R09 set the setuid bit", '"$T" setuid "$OUT/file"', {
    policy: "read",
  }),
  // Under bubblewrap the folder is the command's own.
  denied(
    "R10 shared memory of the host",
    "n=/dev/shm/rondo-escape-$$; : > $n; rm $n",
    { policy: "read", gaps: ["bwrap"] },
  ),
  denied("R11 plant a repository", 'mkdir "$ROOT/.git"', {
    policy: "read",
    layout: "none",
  }),
  allowed(
    "R12 read anywhere",
    'test "$(cat "$OUT/file")" = original; ls / > /dev/null',
    { policy: "read" },
  ),
  allowed(
    "R13 write to /dev/null",
    "echo x > /dev/null; echo x | cat > /dev/null",
    { policy: "read" },
  ),
];
