# Completion of chatbuilder for fish: save it as ~/.config/fish/completions/chatbuilder.fish
function __chatbuilder_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current" ''
            case '?*'
                echo $line
        end
    end
end
complete -c chatbuilder -f -a '(__chatbuilder_complete)'
