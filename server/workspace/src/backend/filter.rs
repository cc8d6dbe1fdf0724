//! System calls that no command of a workspace may make: a seccomp filter that bubblewrap sets.
//!
//! Two things have no namespace that would keep them apart. Keyrings belong to a user, and the server's is the same
//! one. And who makes a namespace of control groups may mount their file system in it and, as the owner of its files,
//! lift the workspace's own limits. A filter sees numbers and not what pointers lead to: it cannot tell to which
//! address something connects, and `clone3`, whose flags lie behind one, is answered as by an older kernel.

/// `CLONE_NEWCGROUP` of `linux/sched.h`.
const NEW_CONTROL_GROUPS: u32 = 0x0200_0000;

// Instructions of `linux/bpf_common.h`.
const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
// Offsets in `struct seccomp_data`; the lower half of the first argument, as all these machines are little-endian.
const NUMBER: u32 = 0;
const MACHINE: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;
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
    clone3: u32,
    /// Numbers from here on are another interface of the same machine.
    end: u32,
}

#[cfg(target_arch = "x86_64")]
const INTERFACES: &[Interface] = &[
    Interface {
        machine: 0xc000_003e,
        keyrings: [248, 249, 250],
        clone: 56,
        unshare: 272,
        clone3: 435,
        end: 0x4000_0000,
    },
    Interface {
        machine: 0x4000_0003,
        keyrings: [286, 287, 288],
        clone: 120,
        unshare: 310,
        clone3: 435,
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
        clone3: 435,
        end: u32::MAX,
    },
    Interface {
        machine: 0x4000_0028,
        keyrings: [309, 310, 311],
        clone: 120,
        unshare: 337,
        clone3: 435,
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
            .chain([(self.clone3, NOT_KNOWN)])
        {
            block.extend([jump(IF_EQUAL, number, 0, 1), always(RETURN, answer)]);
        }
        block.extend([
            jump(IF_EQUAL, self.clone, 1, 0),
            jump(IF_EQUAL, self.unshare, 0, 3),
            always(LOAD, FIRST_ARGUMENT),
            jump(IF_ANY_BIT, NEW_CONTROL_GROUPS, 0, 1),
            always(RETURN, NOT_PERMITTED),
            always(RETURN, ALLOW),
        ]);
        block
    }
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
