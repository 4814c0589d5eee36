//! A confinement in words, for whoever wants to know what a script may do.

use std::path::Path;

use super::{Confinement, Kernel, Level, Missing, Network, apart::PRIVATE, files};

/// What a confinement means on this kernel: one statement a line.
pub fn explain(confinement: &Confinement, kernel: Kernel) -> Vec<String> {
    let mut lines = match confinement.level {
        Level::Off => return vec!["sandbox off: a script may do whatever its user may".to_owned()],
        Level::Standard => standard(confinement),
        Level::Strict => strict(confinement, kernel),
    };
    lines.push(network(&confinement.network));
    lines.push(
        "calls of the kernel that scripts have no use for fail: tracing, mounting, loading modules, namespaces, keys, \
         BPF, io_uring, setting the clock"
            .to_owned(),
    );
    lines.push("it gains no privileges: set-user-ID programs run as the script's user".to_owned());
    lines.extend(kernel.missing(confinement).into_iter().map(lacking));
    lines
}

fn standard(confinement: &Confinement) -> Vec<String> {
    let mut places: Vec<String> = files::WRITE_STANDARD.iter().map(|place| (*place).to_owned()).collect();
    places.extend(confinement.write.iter().map(|path| shown(path)));
    vec![
        "sandbox standard: a script reads and executes whatever its user may".to_owned(),
        format!("it changes files in its own directory and below {}, as far as its user may", places.join(", ")),
        "it changes nothing else: not /etc, /usr, /boot, /root, /sys, nor disks".to_owned(),
    ]
}

fn strict(confinement: &Confinement, kernel: Kernel) -> Vec<String> {
    let read: Vec<String> = confinement.read.iter().map(|path| shown(path)).collect();
    let write: Vec<String> = confinement.write.iter().map(|path| shown(path)).collect();
    let or_nothing = |paths: Vec<String>| if paths.is_empty() { "nothing".to_owned() } else { paths.join(", ") };
    let mut lines = vec![
        "sandbox strict: a script reads and executes its own directory, and the system's programs and libraries"
            .to_owned(),
        format!(
            "of /etc it reads only: {}",
            files::READ.iter().filter_map(|path| path.strip_prefix("/etc/")).collect::<Vec<_>>().join(", ")
        ),
        format!("it may read and execute besides: {}", or_nothing(read)),
        format!("it may read and change: {}", or_nothing(write)),
        format!("of devices it has {}", files::DEVICES.join(", ")),
    ];
    if kernel.namespaces {
        let writable: Vec<&str> = PRIVATE.iter().filter(|(_, writable)| *writable).map(|(place, _)| *place).collect();
        lines.push(format!("{} are its own, empty, in memory, and gone with it; /run is empty", writable.join(", ")));
        lines.push("it sees no processes but those it starts, and these end with it".to_owned());
    }
    lines.push(format!("it has at most {} processes, with all others of its user", super::PROCESSES_MAX));
    lines
}

fn network(network: &Network) -> String {
    match network {
        Network::None => "it has no network, only sockets that are files".to_owned(),
        Network::All => "it has the network".to_owned(),
        Network::Ports(ports) => {
            let listed: Vec<String> = ports.iter().map(u16::to_string).collect();
            let names = if ports.contains(&53) { ", and may send UDP, for names" } else { ", without UDP: no DNS" };
            format!("it connects by TCP to the ports {} and listens on none{names}", listed.join(", "))
        }
    }
}

fn lacking(missing: Missing) -> String {
    let weight = if missing.is_fatal() { "nothing starts" } else { "weaker here" };
    format!("{weight}: {missing}")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_says_what_it_is() {
        let kernel = Kernel { landlock: 7, seccomp: true, namespaces: true };
        assert_eq!(explain(&Confinement::OFF, kernel), ["sandbox off: a script may do whatever its user may"]);
        let strict = Confinement { write: vec!["/srv/data".into()], ..Confinement::strict() };
        let text = explain(&strict, kernel).join("\n");
        for part in ["strict", "change: /srv/data", "no network", "/tmp"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = explain(&strict, Kernel { landlock: 0, ..kernel }).join("\n");
        assert!(text.contains("nothing starts: this kernel has no Landlock"), "{text}");
        let ports = Confinement { network: Network::Ports(vec![80]), ..Confinement::standard() };
        assert!(explain(&ports, kernel).join("\n").contains("ports 80 and listens on none, without UDP"));
    }
}
