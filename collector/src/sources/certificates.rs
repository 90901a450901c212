//! TLS certificates, in ACM and in IAM.

use aws_sdk_acm::types::{CertificateKeyPairOrigin, Filters, KeyAlgorithm};
use evidence::partition;
use evidence::record::{AcmCertificate, IamServerCertificate};

use super::put::{list, put, sorted};
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, marker, token};

pub(super) static ACM: Source = Source {
    id: "acm.certificates",
    operations: &["acm:DescribeCertificate", "acm:ListCertificates"],
    scope: Scope::Regional,
    tables: &["acm_certificate"],
    collect: |context| Box::pin(acm(context)),
};

pub(super) static IAM: Source = Source {
    id: "iam.server-certificates",
    operations: &["iam:ListServerCertificates"],
    scope: Scope::Global,
    tables: &["iam_server_certificate"],
    collect: |context| Box::pin(server_certificates(context)),
};

async fn acm(context: &Context<'_>) {
    certificates(context, context.region).await;
    let first = context.regions.first().map(String::as_str) == Some(context.region);
    // CloudFront's are in one region, whatever regions are in scope.
    let cloudfront = partition::named(context.session.partition()).and_then(|known| known.cloudfront_certificates);
    if let Some(region) = cloudfront.filter(|one| first && !context.regions.iter().any(|region| region == one)) {
        certificates(context, region).await;
    }
}

async fn certificates(context: &Context<'_>, region: &str) {
    let acm = &context.session.acm(region);
    // Left to itself, AWS lists certificates of RSA_1024 and RSA_2048 only.
    let every_type = Filters::builder()
        .key_types(KeyAlgorithm::Rsa1024)
        .key_types(KeyAlgorithm::Rsa2048)
        .key_types(KeyAlgorithm::Rsa3072)
        .key_types(KeyAlgorithm::Rsa4096)
        .key_types(KeyAlgorithm::EcPrime256v1)
        .key_types(KeyAlgorithm::EcSecp384r1)
        .key_types(KeyAlgorithm::EcSecp521r1)
        .build();
    // And none whose keys an ACME client made.
    let every_origin = vec![
        CertificateKeyPairOrigin::AwsManaged,
        CertificateKeyPairOrigin::CustomerProvided,
        CertificateKeyPairOrigin::Acme,
    ];
    let list = context
        .pages(
            |next| {
                acm.list_certificates()
                    .includes(every_type.clone())
                    .set_certificate_key_pair_origins(Some(every_origin.clone()))
                    .max_items(1000)
                    .set_next_token(next)
                    .send()
            },
            |page| token(page.next_token()),
        )
        .await;
    if let Some(failure) = &list.failure {
        context.gap_in(region, "acm:ListCertificates", None, failure);
    }
    let listed: Vec<_> = list
        .pages
        .iter()
        .flat_map(|page| {
            page.output
                .certificate_summary_list()
                .iter()
                .map(|c| (c, page.exchange))
        })
        .collect();
    context
        .each(&listed, |(summary, listed_in)| async move {
            let arn = summary.certificate_arn().unwrap_or_default();
            let (output, source) = match context
                .ask(acm.describe_certificate().certificate_arn(arn).send())
                .await
            {
                Ok(answer) => (Some(answer.output), answer.exchange),
                Err(failure) => {
                    context.gap_in(region, "acm:DescribeCertificate", Some(arn), &failure);
                    (None, *listed_in)
                }
            };
            let certificate = output.as_ref().and_then(|output| output.certificate());
            let renewal = certificate.and_then(|c| c.renewal_summary());
            context.put(&AcmCertificate {
                account: context.account.to_owned(),
                region: region.to_owned(),
                key: arn.to_owned(),
                source,
                arn: arn.to_owned(),
                domain_name: text(summary.domain_name()),
                status: certificate.and_then(|c| c.status()).map(|s| s.as_str().to_owned()),
                certificate_type: certificate.and_then(|c| c.r#type()).map(|t| t.as_str().to_owned()),
                key_algorithm: certificate
                    .and_then(|c| c.key_algorithm())
                    .map(|k| k.as_str().to_owned()),
                issued_at: certificate.and_then(|c| time(c.issued_at())),
                not_after: certificate.and_then(|c| time(c.not_after())),
                renewal_eligibility: certificate
                    .and_then(|c| c.renewal_eligibility())
                    .map(|e| e.as_str().to_owned()),
                renewal_status: renewal.map(|r| r.renewal_status().as_str().to_owned()),
                renewal_reason: renewal
                    .and_then(|r| r.renewal_status_reason())
                    .map(|r| r.as_str().to_owned()),
                in_use_by: certificate.map(|c| sorted(c.in_use_by())),
            });
        })
        .await;
}

async fn server_certificates(context: &Context<'_>) {
    let iam = context.session.iam(context.client_region);
    list!(
        context,
        "iam:ListServerCertificates",
        None,
        |next| iam.list_server_certificates().max_items(1000).set_marker(next).send(),
        |page| marker(page.is_truncated(), page.marker()),
        |page, source| {
            for certificate in page.server_certificate_metadata_list() {
                let arn = certificate.arn().to_owned();
                put!(context, IamServerCertificate, arn.clone(), source, {
                    arn,
                    id: certificate.server_certificate_id().to_owned(),
                    name: certificate.server_certificate_name().to_owned(),
                    uploaded_at: time(certificate.upload_date()),
                    expires_at: time(certificate.expiration()),
                });
            }
        }
    );
}
