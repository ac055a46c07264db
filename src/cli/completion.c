/* completion.c: completion scripts for bash and zsh, from the same table as the help. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"

/* Words of a level: the first words of all paths, or the second ones below `group`. Each once. */
static void print_words(const char *group)
{
    size_t len = strlen(group);
    const char *last = "";
    size_t last_len = 0;
    for (size_t i = 0; i < cli_n_commands; i++) {
        const char *word = cli_commands[i]->path;
        if (len) {
            if (strncmp(word, group, len) != 0 || word[len] != ' ')
                continue;
            word += len + 1;
        }
        size_t n = strcspn(word, " ");
        if (n != last_len || strncmp(word, last, n) != 0)
            printf("%.*s ", (int)n, word);
        last = word;
        last_len = n;
    }
}

static void print_options_of(const struct cli_command *c)
{
    for (int common = 0; common < 2; common++)
        for (const struct cli_option *o = common ? cli_common_options : c->options; o && o->name; o++) {
            printf("--%s ", o->name);
            if (o->letter)
                printf("-%c ", o->letter);
        }
}

/* The bash case that completes the argument of an option, where it has words or files. */
static void bash_argument(const struct cli_option *o)
{
    if (!o->argument)
        return;
    printf("        --%s%s%c) ", o->name, o->letter ? "|-" : "", o->letter ? o->letter : ' ');
    if (o->choices) {
        printf("COMPREPLY=($(compgen -W '");
        for (const char *const *c = o->choices; *c; c++)
            printf("%s ", *c);
        printf("' -- \"$word\"));");
    } else if (o->complete == CLI_COMPLETE_FOLDER) {
        printf("compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$word\");");
    } else if (o->complete == CLI_COMPLETE_FILE) {
        printf("compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\");");
    }
    printf(" return ;;\n");
}

static void bash_command(const struct cli_command *c)
{
    printf("    '%s')\n        case \"$previous\" in\n", c->path);
    for (const struct cli_option *o = c->options; o && o->name; o++)
        bash_argument(o);
    printf("        esac\n        if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '");
    print_options_of(c);
    printf("' -- \"$word\"));");
    if (c->complete == CLI_COMPLETE_FILE)
        printf(" else compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\");");
    printf(" fi ;;\n");
}

static void print_bash(void)
{
    printf("# bash completion of neuralake; made by: neuralake --completion bash\n"
           "_neuralake()\n{\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} i\n"
           "    COMPREPLY=()\n"
           "    if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W '");
    print_words("");
    printf("--help --version' -- \"$word\")); return; fi\n");
    for (const char *const *g = (const char *const[]){"s3", "parquet", NULL}; *g; g++) {
        printf("    if [[ $command == %s ]]; then\n"
               "        if ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W '",
               *g);
        print_words(*g);
        printf("--help' -- \"$word\")); return; fi\n        command+=\" ${COMP_WORDS[2]}\"\n    fi\n");
    }
    printf("    case \"$command\" in\n");
    for (size_t i = 0; i < cli_n_commands; i++)
        bash_command(cli_commands[i]);
    printf("    esac\n}\ncomplete -F _neuralake neuralake\n");
}

/* A text inside single quotes of zsh's _arguments: quotes, brackets and colons are its own. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_option(const struct cli_option *o)
{
    printf("            '%s--%s%s[", o->repeats ? "*" : "", o->name, o->argument ? "=" : "");
    zsh_text(o->help);
    putchar(']');
    if (o->argument) {
        printf(":%s:", o->argument);
        if (o->choices) {
            putchar('(');
            for (const char *const *c = o->choices; *c; c++)
                printf("%s%s", c == o->choices ? "" : " ", *c);
            putchar(')');
        } else if (o->complete == CLI_COMPLETE_FOLDER) {
            fputs("_files -/", stdout);
        } else if (o->complete == CLI_COMPLETE_FILE) {
            fputs("_files", stdout);
        }
    }
    printf("' \\\n");
}

static void print_zsh(void)
{
    printf("#compdef neuralake\n# zsh completion of neuralake; made by: neuralake --completion zsh\n"
           "_neuralake()\n{\n    local command=$words[2]\n    if ((CURRENT == 2)); then compadd -- ");
    print_words("");
    printf("--help --version; return; fi\n");
    for (const char *const *g = (const char *const[]){"s3", "parquet", NULL}; *g; g++) {
        printf("    if [[ $command == %s ]]; then\n        if ((CURRENT == 3)); then compadd -- ", *g);
        print_words(*g);
        printf("--help; return; fi\n        command+=\" $words[3]\"\n    fi\n");
    }
    printf("    case $command in\n");
    for (size_t i = 0; i < cli_n_commands; i++) {
        const struct cli_command *c = cli_commands[i];
        printf("    '%s') _arguments \\\n", c->path);
        for (int common = 0; common < 2; common++)
            for (const struct cli_option *o = common ? cli_common_options : c->options; o && o->name; o++)
                zsh_option(o);
        printf("            '*:operand:%s' ;;\n", c->complete == CLI_COMPLETE_FILE ? "_files" : " ");
    }
    printf("    esac\n}\n_neuralake \"$@\"\n");
}

int cli_print_completion(const char *shell, nl_error *err)
{
    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else
        return nl_fail(err, NL_INVALID, "--completion: '%s' is none of bash, zsh", shell);
    return NL_OK;
}
