//! System calls that no command of a workspace may make: a seccomp filter that bubblewrap sets.
//!
//! Three things have no namespace that would keep them apart. Keyrings belong to a user, and the server's is the same
//! one. Who makes a namespace of control groups may mount their file system in it and, as the owner of its files,
//! lift the workspace's own limits. And a program that runs as its owner, once it is made, does so outside of the
//! sandbox too: for whoever starts it there it would be the server's user. A filter sees numbers and not what pointers
//! lead to: it cannot tell to which address something connects, and calls whose flags lie behind one are answered as by
//! an older kernel.

/// `CLONE_NEWCGROUP` of `linux/sched.h`.
const NEW_CONTROL_GROUPS: u32 = 0x0200_0000;
/// `S_ISUID` of `linux/stat.h`. The group's bit stays: shared git repositories set it on their folders.
const RUNS_AS_OWNER: u32 = 0o4000;
/// `O_CREAT` and `__O_TMPFILE` of `asm-generic/fcntl.h`: only with them does opening take a mode.
const CREATES: u32 = 0o100 | 0o20_000_000;

// Instructions of `linux/bpf_common.h`.
const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
// Offsets in `struct seccomp_data`; the lower half of the first argument, as all these machines are little-endian.
const NUMBER: u32 = 0;
const MACHINE: u32 = 4;
const fn argument(position: u32) -> u32 {
    16 + 8 * position
}
// Answers of `linux/seccomp.h`, with the error's number.
const ALLOW: u32 = 0x7fff_0000;
const NOT_PERMITTED: u32 = 0x0005_0001;
const NOT_KNOWN: u32 = 0x0005_0026;

/// One way to call the kernel: `AUDIT_ARCH_…` of `linux/audit.h` and its numbers of calls.
struct Interface {
    machine: u32,
    keyrings: [u32; 3],
    clone: u32,
    unshare: u32,
    /// Calls that hide from a filter what they do: `clone3`, `openat2` and `io_uring_setup`.
    hidden: [u32; 3],
    /// `chmod`, `fchmod`, `fchmodat`, `fchmodat2`, `creat`, `mknod` and `mknodat`, as far as there are such, each with the position
    /// of its mode.
    modes: &'static [(u32, u32)],
    /// `open` and `openat`, as far as there are such, each with the position of its flags; its mode comes after them.
    opens: &'static [(u32, u32)],
    /// Numbers from here on are another interface of the same machine.
    end: u32,
}

/// The same numbers everywhere.
const HIDDEN: [u32; 3] = [435, 437, 425];

#[cfg(target_arch = "x86_64")]
const INTERFACES: &[Interface] = &[
    Interface {
        machine: 0xc000_003e,
        keyrings: [248, 249, 250],
        clone: 56,
        unshare: 272,
        hidden: HIDDEN,
        modes: &[
            (90, 1),
            (91, 1),
            (268, 2),
            (452, 2),
            (85, 1),
            (133, 1),
            (259, 2),
        ],
        opens: &[(2, 1), (257, 2)],
        end: 0x4000_0000,
    },
    Interface {
        machine: 0x4000_0003,
        keyrings: [286, 287, 288],
        clone: 120,
        unshare: 310,
        hidden: HIDDEN,
        modes: &[
            (15, 1),
            (94, 1),
            (306, 2),
            (452, 2),
            (8, 1),
            (14, 1),
            (297, 2),
        ],
        opens: &[(5, 1), (295, 2)],
        end: u32::MAX,
    },
];
#[cfg(target_arch = "aarch64")]
const INTERFACES: &[Interface] = &[
    Interface {
        machine: 0xc000_00b7,
        keyrings: [217, 218, 219],
        clone: 220,
        unshare: 97,
        hidden: HIDDEN,
        modes: &[(52, 1), (53, 2), (452, 2), (33, 2)],
        opens: &[(56, 2)],
        end: u32::MAX,
    },
    Interface {
        machine: 0x4000_0028,
        keyrings: [309, 310, 311],
        clone: 120,
        unshare: 337,
        hidden: HIDDEN,
        modes: &[
            (15, 1),
            (94, 1),
            (333, 2),
            (452, 2),
            (8, 1),
            (14, 1),
            (324, 2),
        ],
        opens: &[(5, 1), (322, 2)],
        end: u32::MAX,
    },
];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const INTERFACES: &[Interface] = &[];

/// `struct sock_filter`.
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

/// The filter as bubblewrap reads it; `None` on a machine whose numbers are not known here.
pub fn program() -> Option<Vec<u8>> {
    if INTERFACES.is_empty() {
        return None;
    }
    let mut program = vec![always(LOAD, MACHINE)];
    for interface in INTERFACES {
        let block = interface.block();
        // Far shorter than 255 instructions, which is how far a jump leads.
        let length = u8::try_from(block.len()).ok()?;
        program.push(jump(IF_EQUAL, interface.machine, 0, length));
        program.extend(block);
    }
    program.push(always(RETURN, NOT_KNOWN));
    Some(program.iter().flat_map(Instruction::bytes).collect())
}

impl Interface {
    fn block(&self) -> Vec<Instruction> {
        let mut block = vec![
            always(LOAD, NUMBER),
            jump(IF_AT_LEAST, self.end, 0, 1),
            always(RETURN, NOT_KNOWN),
        ];
        for (number, answer) in self
            .keyrings
            .map(|number| (number, NOT_PERMITTED))
            .into_iter()
            .chain(self.hidden.map(|number| (number, NOT_KNOWN)))
        {
            block.extend([jump(IF_EQUAL, number, 0, 1), always(RETURN, answer)]);
        }
        for &(number, mode) in self.modes {
            block.push(jump(IF_EQUAL, number, 0, 4));
            block.extend(refuse_mode(mode));
        }
        for &(number, flags) in self.opens {
            block.extend([
                jump(IF_EQUAL, number, 0, 6),
                always(LOAD, argument(flags)),
                jump(IF_ANY_BIT, CREATES, 0, 3),
            ]);
            block.extend(refuse_mode(flags + 1));
        }
        block.extend([
            jump(IF_EQUAL, self.clone, 1, 0),
            jump(IF_EQUAL, self.unshare, 0, 3),
            always(LOAD, argument(0)),
            jump(IF_ANY_BIT, NEW_CONTROL_GROUPS, 0, 1),
            always(RETURN, NOT_PERMITTED),
            always(RETURN, ALLOW),
        ]);
        block
    }
}

/// Answers a call whose mode stands there.
const fn refuse_mode(position: u32) -> [Instruction; 4] {
    [
        always(LOAD, argument(position)),
        jump(IF_ANY_BIT, RUNS_AS_OWNER, 0, 1),
        always(RETURN, NOT_PERMITTED),
        always(RETURN, ALLOW),
    ]
}

impl Instruction {
    fn bytes(&self) -> [u8; 8] {
        let [code_low, code_high] = self.code.to_ne_bytes();
        let [first, second, third, fourth] = self.value.to_ne_bytes();
        [
            code_low,
            code_high,
            self.if_true,
            self.if_false,
            first,
            second,
            third,
            fourth,
        ]
    }
}

const fn always(code: u16, value: u32) -> Instruction {
    jump(code, value, 0, 0)
}

/// Skips so many instructions, depending on the outcome.
const fn jump(code: u16, value: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction {
        code,
        if_true,
        if_false,
        value,
    }
}
