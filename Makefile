# For fingers that type make: everything is in ./dev.
.PHONY: setup run test lint

setup run test lint:
	./dev $@
