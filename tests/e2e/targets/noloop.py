"""Python without a loop: it sleeps until it gets the order to end."""

from truth import wait_for_go

if __name__ == "__main__":
    wait_for_go()
