//! Time stamps, against an authority made with `openssl`: what OpenSSL issues is believed, and
//! what OpenSSL refuses is refused.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use evidence::clock::Timestamp;
use evidence::custody::timestamp::{CertificateDer, Refusal, TimestampError, check, read, request, roots};
use evidence::digest::Digest;
use proptest::prelude::*;
use tempfile::TempDir;

const DATA: &str = "soc2ev/acme/0123abcd\n12\nAAAA\n";
const NONCE: u64 = 0xfedc_ba98_7654_3210;

/// A root, an intermediate, and time-stamp certificates below it: good ones and bad ones.
struct Authority {
    dir: TempDir,
}

static ORIGINAL: LazyLock<Option<Authority>> = LazyLock::new(|| {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: no openssl on this machine");
        return None;
    }
    Some(Authority::new())
});

/// Keys and certificates in a directory of its own: tests run at the same time. `None`, with a
/// note, where there is no `openssl`.
fn authority() -> Option<Authority> {
    let dir = TempDir::new().unwrap();
    for file in std::fs::read_dir(ORIGINAL.as_ref()?.path()).unwrap() {
        let from = file.unwrap().path();
        std::fs::copy(&from, dir.path().join(from.file_name().unwrap())).unwrap();
    }
    Some(Authority { dir })
}

/// Extended key usage and others, by the name of the certificate that has them.
const CERTIFICATES: [(&str, &str, &str); 11] = [
    (
        "rsa",
        "rsa:2048",
        "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature",
    ),
    ("p256", "P-256", "extendedKeyUsage=critical,timeStamping"),
    (
        "p384",
        "P-384",
        "extendedKeyUsage=critical,timeStamping\nkeyUsage=nonRepudiation",
    ),
    (
        "two-purposes",
        "P-256",
        "extendedKeyUsage=critical,timeStamping,emailProtection",
    ),
    ("other-purpose", "P-256", "extendedKeyUsage=critical,codeSigning"),
    ("no-purpose", "P-256", "keyUsage=critical,digitalSignature"),
    ("not-critical", "P-256", "extendedKeyUsage=timeStamping"),
    (
        "encrypts",
        "P-256",
        "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature,keyAgreement",
    ),
    (
        "authority",
        "P-256",
        "extendedKeyUsage=critical,timeStamping\nbasicConstraints=critical,CA:TRUE",
    ),
    (
        "unknown-critical",
        "P-256",
        "extendedKeyUsage=critical,timeStamping\n1.2.3.4=critical,ASN1:NULL",
    ),
    (
        "named",
        "P-256",
        "extendedKeyUsage=critical,timeStamping\nsubjectAltName=DNS:tsa.example",
    ),
];

impl Authority {
    fn new() -> Self {
        let this = Self {
            dir: TempDir::new().unwrap(),
        };
        let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign";
        this.certificate("root", "P-384", ca, "root", ("20200101000000Z", "20400101000000Z"));
        this.certificate(
            "other-root",
            "P-384",
            ca,
            "other-root",
            ("20200101000000Z", "20400101000000Z"),
        );
        this.certificate("between", "P-256", ca, "root", ("20200101000000Z", "20390101000000Z"));
        let silent = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign";
        this.certificate(
            "may-not-issue",
            "P-256",
            silent,
            "root",
            ("20200101000000Z", "20390101000000Z"),
        );
        for (name, key, extensions) in CERTIFICATES {
            this.certificate(name, key, extensions, "between", ("20240101000000Z", "20350101000000Z"));
        }
        let good = CERTIFICATES[1].2;
        this.certificate(
            "stray",
            "P-256",
            good,
            "may-not-issue",
            ("20240101000000Z", "20350101000000Z"),
        );
        this
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// The one place where openssl is called.
    fn try_openssl(&self, arguments: &str) -> Output {
        let arguments = arguments.split_ascii_whitespace();
        Command::new("openssl")
            .args(arguments)
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    fn openssl(&self, arguments: &str) {
        let output = self.try_openssl(arguments);
        assert!(
            output.status.success(),
            "openssl {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn certificate(&self, name: &str, key: &str, extensions: &str, issuer: &str, validity: (&str, &str)) {
        let key = match key.split_once(':') {
            Some((kind, bits)) => format!("{kind} -pkeyopt rsa_keygen_bits:{bits}"),
            None => format!("EC -pkeyopt ec_paramgen_curve:{key}"),
        };
        self.openssl(&format!("genpkey -algorithm {key} -out {name}.key"));
        self.write(
            "ca.cnf",
            format!(
                "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nC=DE\nO=Acme Test\nCN={name}\n[ca]\ndefault_ca=it\n\
                 [it]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n\
                 unique_subject=no\n[any]\ncountryName=optional\norganizationName=optional\ncommonName=optional\n\
                 [ext]\nsubjectKeyIdentifier=hash\n{extensions}\n"
            ),
        );
        self.write("index.txt", "");
        self.openssl(&format!("req -new -config ca.cnf -key {name}.key -out {name}.csr"));
        let (from, to) = validity;
        let by = if name == issuer {
            format!("-selfsign -keyfile {name}.key")
        } else {
            format!("-cert {issuer}.pem -keyfile {issuer}.key")
        };
        self.openssl(&format!(
            "ca -batch -notext -config ca.cnf -extensions ext -startdate {from} -enddate {to} {by} \
             -in {name}.csr -out {name}.pem"
        ));
    }

    /// `openssl ts -reply` to our own request.
    fn reply(&self, signer: &str, hash: &str, more: &str) -> Vec<u8> {
        self.write("request.tsq", request(&Digest::of(DATA), NONCE));
        self.write("serial", "0A");
        self.write(
            "tsa.cnf",
            format!(
                "[tsa]\ndefault_tsa=it\n[it]\nserial=serial\nsigner_cert={signer}.pem\nsigner_key={signer}.key\n\
                 certs=between.pem\nsigner_digest={hash}\ndefault_policy=1.2.3.4.1\ndigests=sha256\n\
                 accuracy=secs:1,millisecs:500,microsecs:100\n{more}\n"
            ),
        );
        self.openssl("ts -reply -config tsa.cnf -queryfile request.tsq -out reply.tsr");
        self.bytes("reply.tsr")
    }

    /// A token over any TSTInfo by any certificate: `openssl ts -reply` would refuse to make most.
    fn forge(&self, signer: &str, info: &[u8], more: &str) -> Vec<u8> {
        let signer = format!("-signer {signer}.pem -inkey {signer}.key -certfile between.pem");
        self.cms(
            info,
            &format!("-cades -econtent_type 1.2.840.113549.1.9.16.1.4 -md sha256 {signer} {more}"),
        )
    }

    fn cms(&self, content: &[u8], how: &str) -> Vec<u8> {
        self.write("content", content);
        self.openssl(&format!(
            "cms -sign -binary -nodetach -nosmimecap -outform DER -in content -out cms.der {how}"
        ));
        self.bytes("cms.der")
    }

    fn roots(&self) -> Vec<CertificateDer<'static>> {
        roots(&self.bytes("root.pem")).unwrap()
    }

    /// Whether `openssl ts -verify` believes the token, with its clock at that time.
    fn openssl_believes(&self, token: &[u8], at: Timestamp) -> bool {
        self.write("token.der", token);
        let digest = Digest::of(DATA);
        let arguments = format!(
            "-digest {digest} -in token.der -token_in -CAfile root.pem -attime {}",
            at.unix()
        );
        self.try_openssl(&format!("ts -verify {arguments}")).status.success()
    }

    fn we_say(&self, token: &[u8]) -> Result<Timestamp, TimestampError> {
        check(token, &Digest::of(DATA), None, &self.roots()).map(|verified| verified.gen_time)
    }
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..=127) => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => out.extend([&[0x82][..], &u16::try_from(content.len()).unwrap().to_be_bytes()].concat()),
    }
    out.extend(content);
    out
}

/// TSTInfo over [`DATA`] at that time, with these fields after it.
fn info(time: &str, rest: &[u8]) -> Vec<u8> {
    let sha256 = tlv(0x30, &[b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"]);
    let imprint = tlv(0x30, &[&sha256, &tlv(0x04, &[Digest::of(DATA).bytes()])]);
    tlv(
        0x30,
        &[
            b"\x02\x01\x01\x06\x03\x2a\x03\x04",
            &imprint,
            b"\x02\x01\x07",
            &tlv(0x18, &[time.as_bytes()]),
            rest,
        ],
    )
}

const NOON: &str = "20250630120000Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn what_openssl_grants_is_believed_by_both() {
    let Some(tsa) = authority() else { return };
    let ours = Digest::of(DATA);
    for (signer, hash, more) in [
        ("rsa", "sha256", "tsa_name=yes\nordering=yes"),
        ("rsa", "sha384", "ess_cert_id_chain=yes"),
        ("rsa", "sha512", "ess_cert_id_alg=sha1\ness_cert_id_chain=yes"),
        ("p256", "sha256", "ess_cert_id_alg=sha512\ntsa_name=yes"),
        ("p256", "sha384", "ess_cert_id_alg=sha1"),
        ("p384", "sha256", ""),
        ("p384", "sha384", "ess_cert_id_alg=sha384\ness_cert_id_chain=yes"),
    ] {
        let response = tsa.reply(signer, hash, more);
        tsa.openssl("ts -verify -queryfile request.tsq -in reply.tsr -CAfile root.pem");
        let reply = read(&response).unwrap();
        assert!(!reply.modified);
        let verified = check(&reply.token, &ours, Some(NONCE), &tsa.roots()).unwrap();
        assert_eq!(
            verified,
            check(&read(&reply.token).unwrap().token, &ours, None, &tsa.roots()).unwrap()
        );
        assert_eq!(verified.policy, "1.2.3.4.1");
        assert_eq!(verified.accuracy, Some(std::time::Duration::from_micros(1_500_100)));
        assert_eq!(verified.tsa_subject, format!("C=DE, O=Acme Test, CN={signer}"));
        assert_eq!(verified.token_sha256, Digest::of(&reply.token));
        assert_eq!(verified.serial, "0b");
        assert!(tsa.openssl_believes(&reply.token, verified.gen_time));

        let refused = |digest, nonce| check(&reply.token, &digest, nonce, &tsa.roots()).unwrap_err();
        assert_eq!(
            refused(Digest::of("altered"), None),
            TimestampError::OtherData(ours.to_string())
        );
        assert_eq!(refused(ours, Some(NONCE + 1)), TimestampError::OtherNonce);
        let other = roots(&tsa.bytes("other-root.pem")).unwrap();
        assert_eq!(check(&reply.token, &ours, None, &other), Err(TimestampError::Untrusted));
    }
    // The hash of a signature of an elliptic curve that ring cannot check.
    let token = read(&tsa.reply("p384", "sha512", "")).unwrap().token;
    assert!(matches!(tsa.we_say(&token), Err(TimestampError::SignatureAlgorithm(_))));
}

#[test]
fn our_request_is_the_one_openssl_makes() {
    let Some(tsa) = authority() else { return };
    tsa.write("data", DATA);
    tsa.openssl("ts -query -data data -sha256 -cert -no_nonce -out theirs.tsq");
    let theirs = tsa.bytes("theirs.tsq");
    let ours = request(&Digest::of(DATA), 5);
    // SEQUENCE, then version and imprint; theirs has no nonce.
    assert_eq!(ours[2..56], theirs[2..56]);
    assert_eq!(ours[56..], *b"\x02\x01\x05\x01\x01\xff");
    assert_eq!(theirs[56..], *b"\x01\x01\xff");
}

#[test]
fn refusals_are_told() {
    let refusal = |status: &[u8]| read(&tlv(0x30, &[&tlv(0x30, &[status])])).unwrap_err();
    let text = tlv(0x30, &[&tlv(0x0c, &[b"not\x1b[2Jtoday"])]);
    let said = refusal(&[b"\x02\x01\x02", &text[..], b"\x03\x02\x05\x20"].concat());
    assert_eq!(
        said.to_string(),
        "the time-stamp authority refused: rejection; the request is not permitted or supported; not\\u{1b}[2Jtoday"
    );
    let waiting = Refusal {
        status: 3,
        text: vec![],
        failures: vec![],
    };
    assert_eq!(refusal(b"\x02\x01\x03"), TimestampError::Refused(waiting));
    assert_eq!(refusal(b"\x02\x01\x00"), TimestampError::NoToken);
    assert_eq!(read(b"<html>"), Err(TimestampError::Malformed("the response")));

    let Some(tsa) = authority() else { return };
    tsa.reply("p256", "sha256", "");
    let sha1 = b"\x30\x1d\x02\x01\x01\x30\x18\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x0bnot-a-digest";
    tsa.write("bad.tsq", &sha1[..31]);
    tsa.openssl("ts -reply -config tsa.cnf -queryfile bad.tsq -out bad.tsr");
    let Err(TimestampError::Refused(refusal)) = read(&tsa.bytes("bad.tsr")) else {
        panic!("openssl granted a time stamp over SHA-1");
    };
    assert_eq!(refusal.status, 2);
    assert!(!refusal.failures.is_empty());
}

#[test]
fn certificates_and_times_that_do_not_do() {
    let Some(tsa) = authority() else { return };
    let noon = at("2025-06-30T12:00:00Z");
    let good = tsa.forge("p256", &info(NOON, b""), "");
    assert_eq!(tsa.we_say(&good), Ok(noon));
    assert!(tsa.openssl_believes(&good, noon));
    let fraction = tsa.forge("p256", &info("20250630120000.25Z", b""), "");
    assert_eq!(tsa.we_say(&fraction), Ok(noon));

    for (signer, expected) in [
        ("two-purposes", TimestampError::NotForTimeStamping),
        ("other-purpose", TimestampError::NotForTimeStamping),
        ("no-purpose", TimestampError::NotForTimeStamping),
        ("not-critical", TimestampError::UsageNotCritical),
        ("encrypts", TimestampError::KeyUsage),
        (
            "unknown-critical",
            TimestampError::Chain("the signer's certificate: UnsupportedCriticalExtension".into()),
        ),
        ("authority", TimestampError::Chain("CaUsedAsEndEntity".into())),
    ] {
        let token = tsa.forge(signer, &info(NOON, b""), "");
        assert_eq!(tsa.we_say(&token), Err(expected), "{signer}");
        // OpenSSL does not mind an authority that stamps; RFC 5280 leaves it open.
        assert_eq!(tsa.openssl_believes(&token, noon), signer == "authority", "{signer}");
    }

    for (time, clock) in [
        ("20360101000000Z", "2036-01-01T00:00:00Z"),
        ("20231231235959Z", "2023-12-31T23:59:59Z"),
    ] {
        let token = tsa.forge("p256", &info(time, b""), "");
        assert!(matches!(tsa.we_say(&token), Err(TimestampError::SignerNotValid { .. })));
        assert!(!tsa.openssl_believes(&token, at(clock)));
    }
    for time in [
        "20250630120000.50Z",
        "20250630120000",
        "20250631120000Z",
        "2025063012000\u{b2}Z",
        "250630120000Z",
    ] {
        let token = tsa.forge("p256", &info(time, b""), "");
        assert_eq!(
            tsa.we_say(&token),
            Err(TimestampError::Malformed("the time stamp")),
            "{time}"
        );
    }

    let stray = tsa.forge("stray", &info(NOON, b""), "-certfile may-not-issue.pem");
    assert_eq!(tsa.we_say(&stray), Err(TimestampError::Untrusted));
    assert!(!tsa.openssl_believes(&stray, noon));
    // An intermediate is no root, and helps only below one.
    let between = roots(&tsa.bytes("between.pem")).unwrap();
    let digest = Digest::of(DATA);
    assert_eq!(check(&good, &digest, None, &between), Err(TimestampError::NoRoot(noon)));
    let both = roots(&[tsa.bytes("between.pem"), tsa.bytes("root.pem")].concat()).unwrap();
    assert!(check(&good, &digest, None, &both).is_ok());
    assert!(matches!(roots(b"no certificates"), Err(TimestampError::Roots(_))));
}

#[test]
fn statements_that_do_not_do() {
    let Some(tsa) = authority() else { return };
    let say = |info: Vec<u8>, more: &str| tsa.we_say(&tsa.forge("named", &info, more));
    let extension = |critical: &[u8]| {
        let one = tlv(0x30, &[b"\x06\x03\x2a\x03\x04", critical, b"\x04\x02\x05\x00"]);
        info(NOON, &tlv(0xa1, &[&one]))
    };
    assert!(say(extension(b""), "").is_ok());
    assert!(matches!(
        say(extension(b"\x01\x01\xff"), ""),
        Err(TimestampError::CriticalExtension(_))
    ));

    let called = |name: &[u8]| info(NOON, &tlv(0xa0, &[&tlv(0x82, &[name])]));
    assert!(say(called(b"tsa.example"), "").is_ok());
    assert_eq!(say(called(b"tsa.invalid"), ""), Err(TimestampError::AuthorityName));

    let nonce = info(NOON, b"\x02\x01\x05");
    let token = tsa.forge("named", &nonce, "");
    let with = |nonce| check(&token, &Digest::of(DATA), Some(nonce), &tsa.roots()).map(drop);
    assert_eq!((with(5), with(6)), (Ok(()), Err(TimestampError::OtherNonce)));
    let token = tsa.forge("named", &info(NOON, b""), "");
    assert_eq!(
        check(&token, &Digest::of(DATA), Some(5), &tsa.roots()),
        Err(TimestampError::NonceMissing)
    );

    let mut version = info(NOON, b"");
    version[4] = 2;
    assert!(matches!(
        say(version, ""),
        Err(TimestampError::Version { found: 2, .. })
    ));
    assert_eq!(
        say(b"\x30\x00".to_vec(), ""),
        Err(TimestampError::Malformed("the time stamp"))
    );

    for (how, expected) in [
        ("-keyid", TimestampError::SignerNotNamed),
        ("-nocerts", TimestampError::SignerCertificateMissing),
        ("-signer p384.pem -inkey p384.key", TimestampError::SignatureCount(2)),
    ] {
        assert_eq!(say(info(NOON, b""), how), Err(expected), "{how}");
    }
    let sha1 = say(info(NOON, b""), "-md sha1");
    assert!(matches!(sha1, Err(TimestampError::HashAlgorithm(_))), "{sha1:?}");

    let signer = "-signer p256.pem -inkey p256.key -certfile between.pem";
    let other = tsa.cms(&info(NOON, b""), &format!("-cades -econtent_type 1.2.3.4 {signer}"));
    assert!(matches!(tsa.we_say(&other), Err(TimestampError::NotTimeStamp(_))));
    let bare = tsa.cms(
        &info(NOON, b""),
        &format!("-noattr -econtent_type 1.2.840.113549.1.9.16.1.4 {signer}"),
    );
    assert_eq!(
        tsa.we_say(&bare),
        Err(TimestampError::Malformed("the signer information"))
    );
    // Without -cades nothing binds the signature to the certificate.
    let unbound = tsa.cms(
        &info(NOON, b""),
        &format!("-econtent_type 1.2.840.113549.1.9.16.1.4 {signer}"),
    );
    let missing = TimestampError::AttributeMissing("signing-certificate-v2");
    assert_eq!(tsa.we_say(&unbound), Err(missing));
    assert!(!tsa.openssl_believes(&unbound, at("2025-06-30T12:00:00Z")));
}

/// SplitMix64: the same positions on every machine.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One flipped bit, hundreds of times: whatever OpenSSL refuses, we refuse.
///
/// `EXHIBIT_FLIPS` sets how many (400 when unset).
#[test]
fn flipped_bits_are_refused_where_openssl_refuses_them() {
    let Some(tsa) = authority() else { return };
    let flips = std::env::var("EXHIBIT_FLIPS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(400);
    // Its own root among the certificates: bytes that no signature the checker relies on covers.
    let chain = [tsa.bytes("between.pem"), tsa.bytes("root.pem")].concat();
    tsa.write("chain.pem", chain);
    let granted = tsa.reply("rsa", "sha256", "certs=chain.pem\ntsa_name=yes\ness_cert_id_chain=yes");
    let tokens = [
        read(&granted).unwrap().token,
        tsa.forge("p256", &info(NOON, b""), "-certfile chain.pem"),
    ];
    let (mut both, mut stricter, mut laxer) = (0, 0, Vec::new());
    for (which, token) in tokens.iter().enumerate() {
        let time = tsa.we_say(token).unwrap();
        let mut state = which as u64;
        for _ in 0..flips / tokens.len() {
            let bit = next(&mut state) as usize % (token.len() * 8);
            let mut flipped = token.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match (tsa.we_say(&flipped), tsa.openssl_believes(&flipped, time)) {
                (Ok(_), true) => both += 1,
                (Err(_), true) => stricter += 1,
                (Ok(_), false) => laxer.push((which, bit, hex::encode(&token[(bit / 8).saturating_sub(20)..][..40]))),
                (Err(_), false) => {}
            }
        }
    }
    println!("{flips} flips: {both} accepted by both, {stricter} by openssl alone");
    assert!(laxer.is_empty(), "accepted here, refused by openssl: {laxer:#?}");
}

/// A token for mutations; something short of one where there is no openssl.
static TOKEN: LazyLock<Vec<u8>> = LazyLock::new(|| match authority() {
    Some(tsa) => tsa.forge("named", &info(NOON, b""), ""),
    None => info(NOON, b""),
});

static ROOTS: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| ORIGINAL.as_ref().map(Authority::roots).unwrap_or_default());

fn survives(bytes: &[u8]) {
    let _ = read(bytes);
    let _ = check(bytes, &Digest::of(DATA), Some(1), &ROOTS);
    let _ = check(bytes, &Digest::of(DATA), None, &ROOTS);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::cases(500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes);
        let _ = roots(&bytes);
    }

    #[test]
    fn mutations_do_no_harm(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = TOKEN.clone();
        for (place, value, kind) in edits {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = value,
                1 => bytes[place] ^= 1 << (value % 8),
                2 => bytes.insert(place, value),
                _ => drop(bytes.remove(place)),
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        survives(&bytes);
        survives(&tlv(0x30, &[b"\x30\x03\x02\x01\x00", &bytes]));
    }

    /// Edits where the structure stays whole reach further in.
    #[test]
    fn mutated_certificates_do_no_harm(place in any::<prop::sample::Index>(), value in any::<u8>()) {
        if let Some(root) = ROOTS.first() {
            let mut bytes = root.to_vec();
            let place = place.index(bytes.len());
            bytes[place] = value;
            let _ = check(&TOKEN, &Digest::of(DATA), None, &[CertificateDer::from(bytes)]);
        }
    }
}
