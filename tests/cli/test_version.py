import re


def test_version_is_one_line(perfbox):
    assert re.fullmatch(r"perfbox version \d+\.\d+\n", perfbox("version").out)


def test_called_as_perf_it_is_perfbox(perfbox, run, tmp_path):
    perfbox("--install", tmp_path)
    assert run(tmp_path / "perf", "version").out == perfbox("version").out


def test_list_names_the_commands_in_the_help(perfbox):
    names = perfbox("--list").lines
    assert "version" in names
    assert [line.split()[0] for line in perfbox("--help").lines if line.startswith("  ")
            and line.split()[0] in names] == names


def test_an_unknown_command_is_a_usage_error(perfbox):
    said = perfbox("frobnicate", status=2)
    assert said.out == "" and said.err.count("\n") == 1 and "'frobnicate'" in said.err
