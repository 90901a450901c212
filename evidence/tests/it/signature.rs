//! Our signatures hold for `ssh-keygen`, its signatures hold for us, and both refuse the same.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use evidence::clock::Timestamp;
use evidence::custody::signature::{
    AllowedSigners, BUNDLE_NAMESPACE, CHECKPOINT_NAMESPACE, PrivateKey, PublicKey, Signature, SignatureError, Signer,
    prepare, sign, verify,
};
use tempfile::TempDir;

const CHECKPOINT: &[u8] = b"exhibit/acme/01234567\n42\nq1MKE+RZFJgrefm34/uplM/R8/si9xzqGvvwK0YMbR0=\n";
const OWNER: &str = "owner@acme";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2025-06-30T12:00:00Z")
}

fn key() -> PrivateKey {
    PrivateKey::generate(&[42; 32])
}

/// The tool that auditors have, working in a folder of its own.
struct SshKeygen(TempDir);

impl SshKeygen {
    /// `None`, with a note, where it is not installed.
    fn find() -> Option<Self> {
        if Command::new("ssh-keygen").arg("-?").output().is_err() {
            println!("skipped: ssh-keygen is not here");
            return None;
        }
        Some(Self(tempfile::tempdir().unwrap()))
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A new file with this text, for its owner's eyes only, as ssh-keygen demands of private keys.
    fn file(&self, text: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new_in(self.folder()).unwrap();
        file.write_all(text).unwrap();
        path_text(file.into_temp_path().keep().unwrap())
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new("ssh-keygen")
            .args(arguments)
            .env("TZ", "UTC")
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may refuse before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn output(&self, arguments: &[&str], input: &[u8]) -> String {
        let done = self.run(arguments, input);
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    fn new_key(&self, kind: &str, passphrase: &str) -> String {
        let file = self.file(b"");
        fs::remove_file(&file).unwrap();
        let bits = if kind == "rsa" { "2048" } else { "256" };
        self.output(&["-q", "-t", kind, "-b", bits, "-N", passphrase, "-f", &file], b"");
        file
    }

    fn sign(&self, key: &str, namespace: &str, message: &[u8], options: &[&str]) -> String {
        self.output(
            &[&["-Y", "sign", "-f", key, "-n", namespace], options].concat(),
            message,
        )
    }
}

fn path_text(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}

/// One case, for both: does each accept it?
struct Case<'a> {
    message: &'a [u8],
    armoured: &'a str,
    namespace: &'a str,
    allowed: &'a str,
    identity: &'a str,
    at: Timestamp,
}

impl Case<'_> {
    fn ours(&self) -> Result<(), SignatureError> {
        let allowed = AllowedSigners::parse(self.allowed)?;
        let verified = verify(
            self.message,
            self.armoured,
            self.namespace,
            &allowed,
            self.identity,
            self.at,
        )?;
        assert_eq!(verified.identity, self.identity);
        Ok(())
    }

    fn theirs(&self, tool: &SshKeygen) -> bool {
        let (allowed, armoured) = (tool.file(self.allowed.as_bytes()), tool.file(self.armoured.as_bytes()));
        let at = format!("-Overify-time={}", self.at.utc().format("%Y%m%d%H%M%SZ"));
        let done = tool.run(
            &[
                "-Y",
                "verify",
                "-f",
                &allowed,
                "-I",
                self.identity,
                "-n",
                self.namespace,
                "-s",
                &armoured,
                &at,
            ],
            self.message,
        );
        done.status.success()
    }
}

/// A signature that holds, by `owner@acme` over the checkpoint.
fn good<'a>(armoured: &'a str, allowed: &'a str) -> Case<'a> {
    Case {
        message: CHECKPOINT,
        armoured,
        namespace: CHECKPOINT_NAMESPACE,
        allowed,
        identity: OWNER,
        at: now(),
    }
}

#[test]
fn an_ed25519_signature_is_the_one_ssh_keygen_makes() {
    let Some(tool) = SshKeygen::find() else { return };
    let file = tool.file(key().to_openssh("owner@acme").as_bytes());
    let ours = sign(&key(), CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap();
    assert_eq!(tool.sign(&file, CHECKPOINT_NAMESPACE, CHECKPOINT, &[]), ours);

    let allowed = format!("{OWNER} {}", key().public_key());
    assert_eq!(good(&ours, &allowed).ours(), Ok(()));
    assert!(good(&ours, &allowed).theirs(&tool));
}

#[test]
fn keys_are_the_ones_ssh_keygen_knows() {
    let Some(tool) = SshKeygen::find() else { return };
    let file = tool.file(key().to_openssh("owner@acme").as_bytes());
    let public = key().public_key();
    assert_eq!(
        tool.output(&["-y", "-f", &file], b"").trim_end(),
        format!("{public} owner@acme")
    );
    assert_eq!(
        tool.output(&["-l", "-f", &file], b"").split(' ').nth(1).unwrap(),
        public.fingerprint().to_string()
    );
    // Comments of every length, for the padding.
    for length in 0..9 {
        let comment = "c".repeat(length);
        let file = tool.file(key().to_openssh(&comment).as_bytes());
        let printed = tool.output(&["-y", "-f", &file], b"");
        assert_eq!(printed.trim_end(), format!("{public} {comment}").trim_end());
    }
    for kind in ["ed25519", "ecdsa"] {
        let file = tool.new_key(kind, "");
        let public: PublicKey = fs::read_to_string(format!("{file}.pub")).unwrap().parse().unwrap();
        let listed = tool.output(&["-l", "-f", &file], b"");
        assert_eq!(listed.split(' ').nth(1).unwrap(), public.fingerprint().to_string());
    }
}

#[test]
fn private_keys_of_ssh_keygen_are_read() {
    let Some(tool) = SshKeygen::find() else { return };
    let file = tool.new_key("ed25519", "");
    let private = PrivateKey::from_openssh(&fs::read_to_string(&file).unwrap()).unwrap();
    let public: PublicKey = fs::read_to_string(format!("{file}.pub")).unwrap().parse().unwrap();
    assert_eq!(private.public_key(), public);

    let encrypted = fs::read_to_string(tool.new_key("ed25519", "secret")).unwrap();
    let refused = PrivateKey::from_openssh(&encrypted).unwrap_err();
    assert!(matches!(refused, SignatureError::Encrypted { .. }));
    assert!(refused.to_string().contains("ssh-keygen -p -N '' -f COPY"), "{refused}");

    for kind in ["ecdsa", "rsa"] {
        let other = fs::read_to_string(tool.new_key(kind, "")).unwrap();
        let refused = PrivateKey::from_openssh(&other).unwrap_err();
        assert!(matches!(refused, SignatureError::Unsupported(_)), "{refused}");
    }
}

#[test]
fn signatures_of_ssh_keygen_hold() {
    let Some(tool) = SshKeygen::find() else { return };
    for kind in ["ed25519", "ecdsa"] {
        let file = tool.new_key(kind, "");
        let allowed = format!("{OWNER} {}", fs::read_to_string(format!("{file}.pub")).unwrap());
        for options in [&[][..], &["-Ohashalg=sha256"]] {
            // ECDSA is random, and half of its numbers carry a leading zero.
            for _ in 0..8 {
                let armoured = tool.sign(&file, CHECKPOINT_NAMESPACE, CHECKPOINT, options);
                assert_eq!(good(&armoured, &allowed).ours(), Ok(()), "{armoured}");
            }
        }
    }
    let rsa = tool.new_key("rsa", "");
    let allowed = format!("{OWNER} {}", fs::read_to_string(format!("{rsa}.pub")).unwrap());
    let armoured = tool.sign(&rsa, CHECKPOINT_NAMESPACE, CHECKPOINT, &[]);
    assert!(matches!(
        good(&armoured, &allowed).ours(),
        Err(SignatureError::Unsupported(_))
    ));
}

#[test]
fn both_refuse_the_wrong_namespace_text_identity_key_and_time() {
    let tool = SshKeygen::find();
    let armoured = sign(&key(), CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap();
    let allowed = format!(
        "{OWNER} namespaces=\"evidence-*@exhibit.v1\",valid-after=\"20250101Z\",valid-before=\"20251231235959Z\" {}",
        key().public_key()
    );
    let refuse = |case: Case<'_>, expected: fn(&SignatureError) -> bool| {
        let refused = case.ours().unwrap_err();
        assert!(expected(&refused), "{refused}");
        if let Some(tool) = &tool {
            assert!(!case.theirs(tool), "{refused}");
        }
    };
    let good = || good(&armoured, &allowed);
    assert_eq!(good().ours(), Ok(()));
    assert!(tool.as_ref().is_none_or(|tool| good().theirs(tool)));

    let namespace = BUNDLE_NAMESPACE;
    refuse(Case { namespace, ..good() }, |e| {
        matches!(e, SignatureError::Namespace { .. })
    });
    let message = &[CHECKPOINT, b"\n"].concat();
    refuse(Case { message, ..good() }, |e| {
        matches!(e, SignatureError::Mismatch { .. })
    });
    let identity = "guest@acme";
    refuse(Case { identity, ..good() }, |e| {
        matches!(e, SignatureError::NotAllowed { .. })
    });
    let other = &allowed.replace(
        &key().public_key().to_string(),
        &PrivateKey::generate(&[1; 32]).public_key().to_string(),
    );
    refuse(
        Case {
            allowed: other,
            ..good()
        },
        |e| matches!(e, SignatureError::NotAllowed { .. }),
    );
    let other = &allowed.replace("evidence-*", "evidence-b*");
    refuse(
        Case {
            allowed: other,
            ..good()
        },
        |e| matches!(e, SignatureError::NamespaceNotAllowed { .. }),
    );
    let early = at("2024-12-31T23:59:59Z");
    refuse(Case { at: early, ..good() }, |e| {
        matches!(e, SignatureError::NotYetValid { .. })
    });
    let late = at("2026-01-01T00:00:00Z");
    refuse(Case { at: late, ..good() }, |e| {
        matches!(e, SignatureError::Expired { .. })
    });
    // Both ends of the window belong to it.
    for at in [at("2025-01-01T00:00:00Z"), at("2025-12-31T23:59:59Z")] {
        assert_eq!(Case { at, ..good() }.ours(), Ok(()));
        assert!(tool.as_ref().is_none_or(|tool| Case { at, ..good() }.theirs(tool)));
    }
}

#[test]
fn no_list_lets_pass_what_ssh_keygen_refuses() {
    let Some(tool) = SshKeygen::find() else { return };
    let armoured = sign(&key(), CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap();
    let (mut both, mut theirs_only) = (0, Vec::new());
    for line in [
        "owner@acme KEY",
        "  owner@acme\t KEY comment # more",
        "\"owner@acme\" KEY",
        "\"owner@acme,guest\" KEY",
        "owner@acme,!guest KEY",
        "!owner@acme KEY",
        "*,!owner@acme KEY",
        "!owner@acme,* KEY",
        "!*@acme,owner@acme KEY",
        "*@acme KEY",
        "?wner@acme KEY",
        "??owner@acme KEY",
        "OWNER@acme KEY",
        "owner@acme, KEY",
        ",owner@acme KEY",
        "own\"er@acme\" KEY",
        "\"owner@acme KEY",
        "owner@acme",
        "owner@acme \"\" KEY",
        "owner@acme namespaces=\"evidence-checkpoint@exhibit.v1\" KEY",
        "owner@acme NAMESPACES=\"evidence-*\" KEY",
        "owner@acme namespaces=\"\" KEY",
        "owner@acme namespaces=\"a,*,!evidence-*\" KEY",
        "owner@acme namespaces=\"a b,*\" KEY",
        "owner@acme namespaces=\"\\\",*\" KEY",
        "owner@acme namespaces=\"*\\\" KEY",
        "owner@acme namespaces=* KEY",
        "owner@acme namespaces=\"*\"KEY",
        "owner@acme namespaces = \"*\" KEY",
        "owner@acme namespaces=\"*\",namespaces=\"*\" KEY",
        "owner@acme namespaces=\"*\", KEY",
        "owner@acme ,namespaces=\"*\" KEY",
        "owner@acme namespaces=\"*\",,valid-after=\"20250101Z\" KEY",
        "owner@acme valid-after=\"20250630120000Z\" KEY",
        "owner@acme valid-after=\"20250630120001Z\" KEY",
        "owner@acme valid-after=\"202506301200\" KEY",
        "owner@acme valid-after=\"202506301201\" KEY",
        "owner@acme valid-before=\"20250630Z\" KEY",
        "owner@acme valid-before=\"20250701\" KEY",
        "owner@acme valid-before=\"20250631Z\" KEY",
        "owner@acme valid-before=\"20250701UTC\" KEY",
        "owner@acme valid-before=\"20250701z\" KEY",
        "owner@acme valid-after=\"2025063012000Z\" KEY",
        "owner@acme valid-after=\"20250101 Z\" KEY",
        "owner@acme valid-after=\"2025 1 1Z\" KEY",
        "owner@acme valid-after=\"19700101Z\" KEY",
        "owner@acme valid-after=\"20250102Z\",valid-before=\"20250101Z\" KEY",
        "owner@acme valid-after=\"20250101Z\",valid-after=\"20250101Z\" KEY",
        "owner@acme cert-authority KEY",
        "owner@acme no-touch-required KEY",
        "# owner@acme KEY",
        "other@acme KEY\nowner@acme KEY",
        "owner@acme namespaces=\"x\" KEY\nowner@acme KEY",
        "broken\nowner@acme KEY",
        "owner@acme broken\nowner@acme KEY",
        "owner@acme KEY\nowner@acme broken",
        "other@acme broken line here\nowner@acme KEY",
        "owner@acme ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\nowner@acme KEY",
        "owner@acme ecdsa-sha2-nistp256 BLOB",
        "owner@acme ED25519 BLOB",
        "owner@acme ssh-ed25519 BLOB=",
        "owner@acme KEY\r\n",
        "\u{feff}owner@acme KEY",
        "",
    ] {
        let public = key().public_key().to_string();
        let blob = public.split(' ').nth(1).unwrap();
        let allowed = line.replace("KEY", &public).replace("BLOB", blob) + "\n";
        let case = good(&armoured, &allowed);
        match (case.ours(), case.theirs(&tool)) {
            (Ok(()), true) => both += 1,
            (Ok(()), false) => panic!("we alone accept `{line}`"),
            (Err(_), true) => theirs_only.push(line),
            (Err(_), false) => {}
        }
    }
    println!("accepted by both: {both}; by ssh-keygen alone: {theirs_only:#?}");
    assert!(both > 15, "{both}");
}

/// xorshift64: the same positions on every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

pub fn decoded(armoured: &str) -> Vec<u8> {
    let body: String = armoured.lines().filter(|line| !line.starts_with('-')).collect();
    BASE64.decode(body).unwrap()
}

pub fn encoded(blob: &[u8]) -> String {
    format!(
        "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
        BASE64.encode(blob)
    )
}

#[test]
fn no_changed_bit_is_let_pass() {
    let tool = SshKeygen::find();
    let p256 = P256::from_scalar(7);
    let signatures = [
        (
            sign(&key(), CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap(),
            key().public_key(),
        ),
        (
            sign(&p256, CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap(),
            p256.public_key(),
        ),
    ];
    let mut seeded = Seeded(0x5eed);
    for (armoured, public) in signatures {
        let allowed = format!("{OWNER} {public}\n");
        let blob = decoded(&armoured);
        assert_eq!(good(&encoded(&blob), &allowed).ours(), Ok(()));
        let changed = |bit: usize| {
            let mut changed = blob.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            encoded(&changed)
        };
        let list = AllowedSigners::parse(&allowed).unwrap();
        let accepted = |armoured: &str| verify(CHECKPOINT, armoured, CHECKPOINT_NAMESPACE, &list, OWNER, now()).is_ok();
        for bit in 0..blob.len() * 8 {
            assert!(!accepted(&changed(bit)), "bit {bit}");
        }
        for shorter in 0..blob.len() {
            assert!(!accepted(&encoded(&blob[..shorter])), "{shorter} bytes");
        }
        let Some(tool) = &tool else { continue };
        let mut theirs = 0;
        for _ in 0..150 {
            let armoured = changed(seeded.below(blob.len() * 8));
            let case = good(&armoured, &allowed);
            let theirs_accepts = case.theirs(tool);
            theirs += usize::from(theirs_accepts);
            assert!(theirs_accepts || !accepted(&armoured), "{armoured}");
        }
        println!("{}: ssh-keygen lets pass {theirs} of 150 changed bits", public.kind());
    }
}

/// A P-256 key in memory; as KMS, it gives its public key and signatures in DER.
struct P256(p256::ecdsa::SigningKey);

impl P256 {
    fn from_scalar(byte: u8) -> Self {
        Self(p256::ecdsa::SigningKey::from_slice(&[byte; 32]).unwrap())
    }
}

impl Signer for P256 {
    fn public_key(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        let der = [
            &hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap(),
            point.as_bytes(),
        ]
        .concat();
        PublicKey::from_spki_der(&der).unwrap()
    }

    fn sign(&self, to_be_signed: &[u8]) -> Result<Signature, SignatureError> {
        let made: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&self.0, to_be_signed);
        Signature::from_raw(&self.public_key(), made.to_der().as_bytes())
    }
}

#[test]
fn ecdsa_of_openssl_is_wrapped_as_that_of_kms_would_be() {
    let Some(tool) = SshKeygen::find() else { return };
    let run = |arguments: &str| {
        let done = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(tool.folder())
            .output()
            .ok()?;
        assert!(done.status.success(), "{done:?}");
        Some(())
    };
    for i in 0..8 {
        if run("ecparam -name prime256v1 -genkey -noout -out kms.pem").is_none() {
            println!("skipped: openssl is not here");
            return;
        }
        run("ec -in kms.pem -pubout -outform DER -out kms.der").unwrap();
        let public = PublicKey::from_spki_der(&fs::read(tool.folder().join("kms.der")).unwrap()).unwrap();
        assert_eq!(public.kind(), "ecdsa-sha2-nistp256");

        let to_be_signed = prepare(CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap();
        fs::write(tool.folder().join("tbs"), to_be_signed.bytes()).unwrap();
        run("dgst -sha256 -sign kms.pem -out raw tbs").unwrap();
        let raw = fs::read(tool.folder().join("raw")).unwrap();
        let armoured = to_be_signed.finish(&public, &raw).unwrap();

        let allowed = format!("{OWNER} {public}\n");
        assert_eq!(good(&armoured, &allowed).ours(), Ok(()));
        assert!(good(&armoured, &allowed).theirs(&tool));
        if i == 0 {
            run("ec -in kms.pem -pubout -out kms.pub").unwrap();
            let listed = tool.output(&["-i", "-m", "PKCS8", "-f", "kms.pub"], b"");
            assert_eq!(listed.trim_end(), public.to_string());
        }

        // A reply that does not fit is noticed before it is filed.
        let other = prepare(BUNDLE_NAMESPACE, CHECKPOINT).unwrap();
        assert!(matches!(
            other.finish(&public, &raw),
            Err(SignatureError::Mismatch { .. })
        ));
        assert!(to_be_signed.finish(&public, &raw[1..]).is_err());
        assert!(to_be_signed.finish(&key().public_key(), &raw).is_err());
    }
}

#[test]
fn ed25519_of_kms_is_wrapped() {
    let der = [
        &hex::decode("302a300506032b6570032100").unwrap(),
        &key().public_key().to_blob()[19..],
    ]
    .concat();
    let public = PublicKey::from_spki_der(&der).unwrap();
    assert_eq!(public, key().public_key());
    let to_be_signed = prepare(CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap();
    let raw = ed25519_dalek::Signer::sign(&ed25519_dalek::SigningKey::from_bytes(&[42; 32]), to_be_signed.bytes());
    assert_eq!(
        to_be_signed.finish(&public, &raw.to_bytes()).unwrap(),
        sign(&key(), CHECKPOINT_NAMESPACE, CHECKPOINT).unwrap()
    );
}

/// The key of RFC 8032, section 7.1, test 1; what ssh-keygen (OpenSSH 9.2) says of it and signs with it.
#[test]
fn a_key_and_its_signature_never_change() {
    let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let key = PrivateKey::generate(&seed.try_into().unwrap());
    assert_eq!(
        key.public_key().to_string(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
    );
    assert_eq!(
        key.public_key().fingerprint().to_string(),
        "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8"
    );
    assert_eq!(
        sign(&key, "file", b"text\n").unwrap(),
        concat!(
            "-----BEGIN SSH SIGNATURE-----\n",
            "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/7TyWQHOg7hcv\n",
            "PapiMlrwIaaPcHURoAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUx\n",
            "OQAAAEAY+1nfg2bAGe/b9SnLWgcJGAVaUypXRsuFHa4522dUMQ5pJDp/R/X5wd3NKHK31k\n",
            "oU5mBG8vgRZn3ogSjlOnEO\n",
            "-----END SSH SIGNATURE-----\n",
        )
    );
}
