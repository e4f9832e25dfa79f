//! The file in the data folder that names the NATS bucket of the gateway.
//!
//! The commands read it while no gateway runs, so that they change the bucket and no local store.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use communicado_cli_support::{Failure, Outcome};
use communicado_wire::VERSION;
use communicado_wire::gateway::stored::Bucket;

use crate::config::ClusterConfig;
use crate::private;

/// The name of the file. Its URLs can contain a password.
pub(crate) const NAME: &str = "nats.json";

/// Maximum size of the file in bytes.
const SIZE_MAX: u64 = 64 * 1024;

/// Writes the bucket of a gateway that starts, or removes the file of an earlier start.
///
/// # Errors
///
/// If the file cannot be written or removed.
pub(crate) fn write(folder: &Path, bucket: Option<&ClusterConfig>) -> Result<(), Failure> {
    let path = folder.join(NAME);
    let written = match bucket {
        Some(bucket) => private::replace(&path).and_then(|mut file| {
            let ClusterConfig { servers, bucket, replicas } = bucket.clone();
            let stored = Bucket { v: VERSION, servers, bucket, replicas };
            file.write_all(stored.to_json().as_bytes())
        }),
        None => match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    };
    written.map_err(|error| {
        Failure::new(Outcome::Failed, format!("cannot write {}", path.display()))
            .cause(error)
            .help("check the disk and the permissions of the folder")
    })
}

/// The bucket of the gateway that ran last on `folder`; `None` if it had a local store.
///
/// # Errors
///
/// If the file cannot be read.
pub(crate) fn read(folder: &Path) -> Result<Option<ClusterConfig>, Failure> {
    let path = folder.join(NAME);
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(SIZE_MAX).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&path).cause(error)),
        Ok(_) => {
            let stored =
                Bucket::from_json(&text).map_err(|error| unreadable(&path).cause(error))?;
            let Bucket { servers, bucket, replicas, .. } = stored;
            Ok(Some(ClusterConfig { servers, bucket, replicas }))
        }
    }
}

fn unreadable(path: &Path) -> Failure {
    let help = "start the gateway with --nats, which writes the file again";
    Failure::new(Outcome::Failed, format!("cannot read {}", path.display())).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_read_as_written_and_a_gateway_with_a_local_store_removes_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let bucket = ClusterConfig {
            servers: "nats://a:4222,nats://b:4222".into(),
            bucket: "communicado".into(),
            replicas: 3,
        };
        write(folder.path(), Some(&bucket)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), Some(bucket));
        write(folder.path(), None).unwrap();
        assert_eq!(read(folder.path()).unwrap(), None);
        std::fs::write(folder.path().join(NAME), "{").unwrap();
        assert!(read(folder.path()).is_err());
    }
}
