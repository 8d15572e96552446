"""Names of files that hold secrets by convention. Their text leaves for nobody, whatever a setting says.

Gitignore syntax, matched without regard to case against the whole path. Harmless namesakes that people edit daily
(`settings.json`, `config.json`, `secrets.py`) are not here: secrets in them are masked instead.
"""

from __future__ import annotations

import re

# Environments and settings of deployed programs.
_DEPLOYED = """
    .env .env.* *.env .envrc .flaskenv .dev.vars secrets.yml secrets.yaml secrets.json secrets.toml secrets.ini
    secrets.properties secrets.txt secrets.enc secrets.h secret.yml secret.yaml secret.json secret.txt *.secret
    *.secrets .secrets .secrets.* credentials.json credentials.yml credentials.yaml credentials.toml credentials.ini
    credentials.csv credentials.xml credentials.yml.enc client_secret*.json service-account*.json
    service_account*.json *serviceaccount*.json local.settings.json wp-config.php master.key *.tfvars *.tfvars.json
    *.tfstate *.tfstate.* .terraformrc terraform.rc vault.yml vault.yaml .vault-token .vault_pass* kubeconfig
    *.kubeconfig password*.txt *.keystore keystore.properties key.properties google-services.json
    env.production env.staging env.development env.local gcp-key*.json *adminsdk*.json *-key.json kube/config .git/
"""

# Data in a folder of that name; code there (a package `secrets/`) is masked like all code.
_IN_SECRETS_FOLDERS = tuple(
    f"**/secrets/**/*.{kind}"
    for kind in ["txt", "yml", "yaml", "json", "toml", "ini", "cfg", "conf", "properties", "csv", "xml"]
)


# Keys and certificates with keys.
_KEYS = """
    *.pem *.key *.p8 *.p12 *.pfx *.pkcs12 *.jks *.bks *.ppk *.kdb *.kdbx *.asc *.gpg *.pgp *.age *.ovpn
    *.mobileprovision id_rsa* id_dsa* id_ecdsa* id_ed25519* *_rsa *_ed25519 .htpasswd
"""

# What tools keep in a home folder.
_HOME = """
    .ssh/ .gnupg/ .aws/ .azure/ .gcloud/ .config/gcloud/ .kube/ .password-store/ .docker/config.json .dockercfg
    .dockerconfigjson .netrc _netrc .npmrc .yarnrc.yml .pypirc .pgpass pgpass.conf .my.cnf .mylogin.cnf
    .git-credentials .gitconfig.local .s3cfg .boto .rclone.conf rclone.conf .cargo/credentials* .gem/credentials
    .m2/settings.xml .m2/settings-security.xml gradle.properties.local .composer/auth.json auth.json .bash_history
    .zsh_history .python_history .psql_history .mysql_history .node_repl_history .sqlite_history
    .config/gh/hosts.yml .config/hub cookies.sqlite logins.json login.keychain* *.keychain
"""

# The kernel's view of processes.
_KERNEL = "/proc/ /sys/"

# A pattern with a slash inside would count from the top of the disk alone, so these are let begin anywhere.
SECRET_FILES: tuple[str, ...] = (
    *(f"**/{glob}" for glob in f"{_DEPLOYED} {_KEYS} {_HOME}".split()),
    *_IN_SECRETS_FOLDERS,
    *_KERNEL.split(),
)

LONGEST_NAME = 255
"""Of a file, on the disks that there are."""

_PUT_ASIDE = re.compile(r"(?:\.(?:bak|backup|copy|git|old|orig|save|swp|tmp)|[~#. ])++$")


def not_put_aside(path: str) -> str:
    """The name of which an editor or a person has put a copy aside under this one: `.env~`, `server.pem.bak`, `#.netrc#`. VS Code
    shows what git has of a file as `server.pem.git`."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + _PUT_ASIDE.sub("", name.removeprefix("#")[-LONGEST_NAME:])
