do -- fence variant=up generation=0 site=customer-02 (generated, do not edit)
end
