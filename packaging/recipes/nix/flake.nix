{
  description = "Report whether a chat client runs and its user is signed in";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { self, nixpkgs }:
    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in
    {
      packages.x86_64-linux.default = pkgs.stdenv.mkDerivation {
        pname = "communicado";
        version = "VERSION";
        src = pkgs.fetchurl {
          url = "HOMEPAGE/releases/download/vVERSION/communicado-VERSION-x86_64-linux.tar.gz";
          sha256 = "ARCHIVE_SUM";
        };
        # The program looks for its loader in the store.
        nativeBuildInputs = [ pkgs.autoPatchelfHook ];
        buildInputs = [ pkgs.stdenv.cc.cc.lib ];
        installPhase = ''
          mkdir -p $out
          cp -a . $out
          substituteInPlace $out/lib/systemd/user/communicado-agent.service \
            --replace-fail /usr/local/bin $out/bin
          mv $out/share/zsh/vendor-completions $out/share/zsh/site-functions
        '';
        meta = {
          homepage = "HOMEPAGE";
          license = with pkgs.lib.licenses; [ mit asl20 ];
          mainProgram = "communicado";
          platforms = [ "x86_64-linux" ];
        };
      };
    };
}
