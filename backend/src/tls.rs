//! Which certificates of the platforms' hosts, and of proxies that open TLS, are believed: those of the system, or of
//! `SSL_CERT_FILE` and `SSL_CERT_DIR`. One that is not is refused with the name of its issuer.

use anyhow::Context;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Why the certificate of `host` is refused, by a client that does not name its issuer.
pub(crate) async fn refusal(host: &str, port: u16) -> Option<io::Error> {
    let connector = TlsConnector::from(Arc::new(config().ok()?));
    let stream = TcpStream::connect((host, port)).await.ok()?;
    connector.connect(ServerName::try_from(host.to_owned()).ok()?, stream).await.err()
}

/// What a client of a platform's needs for TLS.
///
/// # Errors
/// Where there is no certificate to believe.
pub fn config() -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&ROOTS), Arc::clone(&provider)).build();
    let verifier =
        verifier.context("no CA certificates: install ca-certificates, or name a file in SSL_CERT_FILE")?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(NamesIssuer(verifier));
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Read once, and complained of once.
static ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "a certificate of the system's, or of SSL_CERT_FILE, cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    Arc::new(roots)
});

/// The usual verifier, whose refusals say who issued the certificate.
#[derive(Debug)]
struct NamesIssuer(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for NamesIssuer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let outcome = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        outcome.map_err(|error| match error {
            Error::InvalidCertificate(reason) => {
                let refused = RefusedCertificate { reason, issuer: issuer(end_entity) };
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

struct RefusedCertificate {
    reason: CertificateError,
    issuer: String,
}

impl fmt::Display for RefusedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // rustls tells the moment, too, and every failure would be another one.
        let reason = match &self.reason {
            CertificateError::ExpiredContext { .. } => "expired".to_owned(),
            CertificateError::NotValidYetContext { .. } => "not valid yet (is the clock right?)".to_owned(),
            reason => reason.to_string(),
        };
        write!(f, "{reason}, issued by {:?}", self.issuer)?;
        match self.reason {
            CertificateError::UnknownIssuer => f.write_str("; a CA of your own belongs into SSL_CERT_FILE"),
            _ => Ok(()),
        }
    }
}

/// rustls prints other errors so.
impl fmt::Debug for RefusedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for RefusedCertificate {}

/// The common name of the issuer, else its organisation.
fn issuer(certificate: &CertificateDer<'_>) -> String {
    let parsed = webpki::EndEntityCert::try_from(certificate);
    let name = parsed.as_ref().map(|certificate| certificate.issuer()).unwrap_or_default();
    [COMMON_NAME, ORGANISATION].iter().find_map(|oid| attribute(name, oid)).unwrap_or_default()
}

/// 2.5.4.3 and 2.5.4.10, as DER has them.
const COMMON_NAME: [u8; 5] = [6, 3, 0x55, 4, 3];
const ORGANISATION: [u8; 5] = [6, 3, 0x55, 4, 10];

/// The value of an attribute in a name: after the object identifier, the type of the text, its length, the text.
fn attribute(name: &[u8], oid: &[u8]) -> Option<String> {
    let at = name.windows(oid.len()).position(|window| window == oid)? + oid.len();
    let length = usize::from(*name.get(at + 1)?);
    Some(String::from_utf8_lossy(name.get(at + 2..at + 2 + length)?).into_owned())
}
