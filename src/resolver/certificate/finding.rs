//! What is said about certificate references that cannot be used.

use crate::certificate::Flaw;
use crate::diagnostics::{Change, Code, Diagnostics, FieldPath, Finding, Fix, Location, Reported, codes};
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::GivenFile;
use crate::parser::manifests::{IS_REFUSED, Kind, ObjectKey};
use crate::path;

use super::super::group_slip;
use super::super::object_name::{self, is_object_name};
use super::super::reference_grant::{Grants, Referent, Referrer};
use super::index::{CERTIFICATE_KEY, CertificateIndex, CertificateReferrer, PRIVATE_KEY_KEY, TLS_TYPE, Unusable};

/// The codes of one kind of reference: to a certificate, or to authorities.
pub(super) struct ReferenceCodes {
    kind: Code,
    unusable: Code,
    missing: Code,
}

pub(super) const PAIR_CODES: ReferenceCodes = ReferenceCodes {
    kind: codes::INVALID_CERTIFICATE_KIND,
    unusable: codes::UNUSABLE_CERTIFICATE,
    missing: codes::CERTIFICATE_NOT_FOUND,
};

pub(super) const AUTHORITY_CODES: ReferenceCodes = ReferenceCodes {
    kind: codes::INVALID_CLIENT_CA_KIND,
    unusable: codes::UNUSABLE_CLIENT_CA,
    missing: codes::UNUSABLE_CLIENT_CA,
};

pub(super) const BACKEND_AUTHORITY_CODES: ReferenceCodes =
    ReferenceCodes { kind: codes::CA_INVALID_KIND, unusable: codes::CA_NOT_USABLE, missing: codes::CA_NOT_USABLE };

impl CertificateIndex<'_> {
    /// The finding on a reference to an object that cannot be used.
    pub(super) fn unusable(
        &self,
        from: &CertificateReferrer<'_>,
        reference: &ReferenceCodes,
        kind: Kind,
        (namespace, name): NamespacedName<'_>,
        why: Unusable,
    ) -> Finding {
        let full = format!("{} `{namespace}/{name}`", kind.name());
        match why {
            Unusable::Missing { likely: _, refused: true } => {
                let finding = from.error(reference.missing, "name", format!("{full} {IS_REFUSED}"));
                let help = format!("mend the errors of the {} first", kind.name());
                self.relate(finding.label("cannot be used as it is").help(help), kind, (namespace, name), None)
            }
            Unusable::Missing { likely, refused: false } => {
                let assume = if kind == Kind::Secret { "secrets" } else { "configmaps" };
                from.error(reference.missing, "name", format!("{full} is not in the input"))
                    .label(format!("no such {}", kind.name()))
                    .help(match likely {
                        Some(likely) => likely.help(kind.name(), name),
                        None => format!("add it to the input, or pass `--assume {assume} --secrets-dir DIR`"),
                    })
            }
            Unusable::NoDirectory => {
                let unread = self.unread((namespace, name)).filter(|_| kind == Kind::Secret);
                let (why, label) = match unread {
                    Some((why, _)) => (format!("cannot be read ({why})"), "its content is not in the input"),
                    None => ("is assumed".to_owned(), "not in the input"),
                };
                from.error(
                    codes::ASSUMED_WITHOUT_DIRECTORY,
                    "name",
                    format!("{full} {why}, and its files have no place"),
                )
                .label(label)
                .help("say with `--secrets-dir DIR` where Envoy will find it")
            }
            Unusable::WrongType { actual } => {
                let finding =
                    from.error(reference.unusable, "name", format!("{full} is of type `{actual}`, not `{TLS_TYPE}`"));
                let finding = finding.label("not a Secret that holds a certificate");
                self.relate(finding.help("create it with `kubectl create secret tls`"), kind, (namespace, name), None)
            }
            Unusable::NoKey { key } => {
                let finding = from.error(reference.unusable, "name", format!("{full} has no `{key}`"));
                let finding = finding.label("nothing to use in it").help(format!("add the key `{key}` to its `data`"));
                self.relate(finding, kind, (namespace, name), None)
            }
            Unusable::Flawed { key, flaw } => {
                let given = self.given_file(kind, (namespace, name), key);
                let part = given
                    .map_or_else(|| format!("`{key}`"), |file| format!("`{}`, which stands for `{key}`", file.path));
                let finding =
                    from.error(reference.unusable, "name", format!("{part} of {full} cannot be used: {flaw}"));
                let finding = finding.label("Envoy would refuse it").help(advice(&flaw));
                self.relate(finding, kind, (namespace, name), Some(key))
            }
        }
    }

    /// The file that stands for a key of an object.
    fn given_file(&self, kind: Kind, (namespace, name): NamespacedName<'_>, key: &str) -> Option<&GivenFile> {
        match (kind, key) {
            (Kind::Secret, CERTIFICATE_KEY) => self.given_pair(namespace, name).map(|files| &files.chain),
            (Kind::Secret, PRIVATE_KEY_KEY) => self.given_pair(namespace, name).map(|files| &files.key),
            _ => self.given_authorities(namespace, name),
        }
    }

    /// The finding with the object that it is about, or one key of what that holds, as a place to look at.
    pub(in crate::resolver) fn relate(
        &self,
        finding: Finding,
        kind: Kind,
        (namespace, name): NamespacedName<'_>,
        key: Option<&'static str>,
    ) -> Finding {
        if let Some(file) = key.and_then(|key| self.given_file(kind, (namespace, name), key)) {
            return finding.related(Location::Path(file.path.clone()), "the file");
        }
        let at = key.map_or_else(|| path!["metadata", "name"], |key| path!["data"].with(key));
        let place = match kind {
            Kind::Secret => self.secrets.get(&(namespace, name)).map(|object| object.at(&at)),
            _ => self.config_maps.get(&(namespace, name)).map(|object| object.at(&at)),
        };
        let key = || ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
        match place.or_else(|| self.manifests.refused_place(&key())) {
            Some(place) => finding.related(place, format!("the {}", kind.name())),
            None => finding,
        }
    }
}

pub(super) fn wrong_kind(
    from: &CertificateReferrer<'_>,
    codes: &ReferenceCodes,
    group: &str,
    kind: &str,
    help: &str,
) -> Finding {
    let full = if group.is_empty() { kind.to_owned() } else { format!("{group}/{kind}") };
    let finding = from
        .error(codes.kind, "kind", format!("`{full}` holds no certificate that gwctl can read"))
        .label("not a kind that holds certificates")
        .help(help);
    group_slip::blame(finding, (group, kind), &[Kind::Secret, Kind::ConfigMap])
}

/// Refuses a reference whose name no object can have, before it becomes a part of a path.
pub(super) fn check_name(
    from: &CertificateReferrer<'_>,
    reference: &ReferenceCodes,
    name: &Name,
    diagnostics: &mut Diagnostics,
) -> Result<(), Reported> {
    if is_object_name(name) {
        return Ok(());
    }
    let message = format!("`{}` is not the name of an object", name.escape_debug());
    let mut finding = from.error(codes::NOT_AN_OBJECT_NAME, "name", message);
    finding.claim = reference.missing.condition();
    Err(diagnostics.error(finding.label("no object can have this name").help(object_name::HELP)))
}

/// Refuses a reference into a namespace that does not grant it.
pub(super) fn permit(
    from: &CertificateReferrer<'_>,
    kind: Kind,
    namespace: &Namespace,
    name: &Name,
    grants: &Grants<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Reported> {
    let referent = Referent { group: kind.group(), kind: kind.name(), namespace, name };
    let from_here = Referrer { kind: from.kind, namespace: from.namespace };
    if grants.permit(from_here, referent) {
        return Ok(());
    }
    let (own, referrer, target) = (from.namespace, from.kind.name(), kind.name());
    let message = format!(
        "no ReferenceGrant lets {} of namespace `{own}` refer to {target} `{namespace}/{name}`",
        from.kind.plural()
    );
    let help = format!(
        "add a ReferenceGrant to namespace `{namespace}`, from {{group: {}, kind: {referrer}, namespace: {own}}} to {{group: \"\", kind: {target}, name: {name}}}",
        from.kind.group()
    );
    let finding = from.error(codes::REF_NOT_PERMITTED, "namespace", message);
    let fix = match finding.location {
        Location::Field { document, .. } => {
            let change = Change::Append(grants.missing(from_here, referent));
            Some(Fix::one(document, FieldPath::ROOT, change).titled("add the ReferenceGrant"))
        }
        _ => None,
    };
    let finding = finding.fix(fix);
    let finding = finding.label(format!("another namespace than `{own}`")).help(help);
    Err(diagnostics.error(grants.name_near_miss(finding, from_here, referent)))
}

fn advice(flaw: &Flaw) -> &'static str {
    match flaw {
        Flaw::NoCertificate | Flaw::BrokenPem | Flaw::BrokenCertificate(_) => {
            "put whole PEM blocks in it, each from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`"
        }
        Flaw::UnsupportedKey(_) => "issue the certificate for an RSA key of 2048 bits or more, or for ECDSA P-256",
        Flaw::CannotSign => "issue a server certificate: key usage `digitalSignature`",
        Flaw::NoKey | Flaw::BrokenKey => "put the private key in it: PKCS#8, PKCS#1 or SEC1 in PEM",
        Flaw::EncryptedKey => "remove the password: `openssl pkey -in tls.key -out plain.key`",
        Flaw::KeyMismatch(None) => "use the key that the certificate was issued for",
        Flaw::KeyMismatch(Some(_)) => "put the server's own certificate first, those of the authorities after it",
    }
}

/// A point in time as a date.
pub(super) fn day(seconds: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| "a distant day".to_owned(), |t| t.date().to_string())
}
